// A QR code, drawn in the browser: the text is a secret that leaves the vault once, so the picture cannot be asked for apart.
import qrcode from 'qrcode-generator'

export default function Qr({ text, label }: { text: string; label: string }) {
  const code = qrcode(0, 'L')
  code.addData(text)
  code.make()
  const size = code.getModuleCount()
  let path = ''
  for (let row = 0; row < size; row++) for (let column = 0; column < size; column++) if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`
  const quiet = 4
  return (
    <svg role="img" aria-label={label} viewBox={`${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`} shapeRendering="crispEdges" className="w-full max-w-72 rounded-xl border border-line bg-white">
      <path d={path} fill="#000" />
    </svg>
  )
}
