// A unified diff as the daemon writes it: `@@ key @@` names the piece of a file that changed.
import { cx } from './ui'

export type DiffLine = { kind: 'came' | 'went' | 'same' | 'piece'; text: string }

export function diffLines(diff: string): DiffLine[] {
  return diff
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !line.startsWith('--- ') && !line.startsWith('+++ '))
    .map((line) => {
      if (line.startsWith('@@')) return { kind: 'piece', text: line.replace(/^@@ ?| ?@@$/g, '') }
      if (line.startsWith('+')) return { kind: 'came', text: line.slice(1) }
      if (line.startsWith('-')) return { kind: 'went', text: line.slice(1) }
      return { kind: 'same', text: line.replace(/^ /, '') }
    })
}

const looks = {
  came: 'bg-good-soft text-good',
  went: 'bg-bad-soft text-bad',
  same: 'text-soft',
  piece: 'text-info bg-sunken mt-1 first:mt-0',
}
const signs = { came: '+', went: '−', same: ' ', piece: '§' }

export function DiffText({ diff }: { diff: string }) {
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-raised py-1 font-mono text-xs leading-5" tabIndex={0} role="group">
      <div className="w-max min-w-full">
        {diffLines(diff).map((line, at) => (
          <div key={at} className={cx('flex px-2', looks[line.kind])}>
            <span aria-hidden className="w-4 shrink-0 select-none">
              {signs[line.kind]}
            </span>
            <span className="whitespace-pre">{line.text || ' '}</span>
          </div>
        ))}
      </div>
    </div>
  )
}
