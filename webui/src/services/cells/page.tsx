// Cells of friends, linked: what there will be. Until the daemon can link them this is a picture and three sentences, and
// no button that leads nowhere.
import { Globe2, KeyRound, Network } from 'lucide-react'
import { useGet } from '@/api/query'
import { t } from '@/i18n'
import { Page } from '@/kit/page'
import { Badge, Card } from '@/kit/ui'

const icons = { reach: Network, trust: KeyRound, names: Globe2 }

function Picture({ name }: { name: string }) {
  const friends: [x: number, y: number, r: number][] = [
    [78, 46, 16],
    [342, 40, 20],
    [60, 172, 20],
    [356, 176, 15],
  ]
  return (
    <svg viewBox="0 0 420 220" role="img" aria-label={t('cells.picture')} className="mx-auto w-full max-w-md">
      {friends.map(([x, y]) => (
        <line key={`${x}`} x1="210" y1="110" x2={x} y2={y} stroke="var(--line-strong)" strokeWidth="1.5" strokeDasharray="4 6" />
      ))}
      {friends.map(([x, y, r]) => (
        <circle key={`${x}`} cx={x} cy={y} r={r} fill="var(--sunken)" stroke="var(--line-strong)" strokeWidth="1.5" strokeDasharray="4 4" />
      ))}
      <circle cx="210" cy="110" r="46" fill="var(--accent-soft)" />
      <circle cx="210" cy="110" r="34" fill="var(--accent)" />
      <text x="210" y="115" textAnchor="middle" fontSize="13" fontWeight="600" fill="var(--accent-ink)">
        {name.slice(0, 8)}
      </text>
    </svg>
  )
}

export default function Cells() {
  const name = useGet('/cell').data?.name ?? ''
  return (
    <Page title={t('nav.cells')} lead={t('cells.lead')}>
      <Card>
        <div className="flex flex-col items-center gap-6 px-2 py-6 text-center">
          <Picture name={name} />
          <div className="flex flex-col items-center gap-2">
            <h2 className="flex flex-wrap items-center justify-center gap-2 text-lg font-semibold">
              {t('cells.alone')} <Badge tone="info">{t('cells.later')}</Badge>
            </h2>
            <p className="max-w-xl text-sm text-soft">{t('cells.text')}</p>
          </div>
          <ul className="grid w-full gap-3 text-left sm:grid-cols-3">
            {(['reach', 'trust', 'names'] as const).map((what) => {
              const Icon = icons[what]
              return (
                <li key={what} className="rounded-xl border border-line bg-raised p-4">
                  <Icon aria-hidden className="size-5 text-accent-text" />
                  <p className="mt-2 text-sm font-semibold">{t(`cells.${what}`)}</p>
                  <p className="mt-1 text-sm text-soft">{t(`cells.${what}.text`)}</p>
                </li>
              )
            })}
          </ul>
        </div>
      </Card>
    </Page>
  )
}
