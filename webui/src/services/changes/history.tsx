// What happened to one thing: folded, and asked for once somebody unfolds it. As everywhere, up to the moment that is shown.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useFeed } from '@/api/feed'
import { useMay } from '@/api/session'
import { useAt } from '@/api/time'
import { t } from '@/i18n'
import { Loaded } from '@/kit/page'
import { grouped, readEvents } from './events'
import { ChangeLine } from './line'

/** More than anything is changed in years. */
const most = 1000

function Changes({ stream, name }: { stream: string; name: string }) {
  const { head } = useFeed()
  const at = useAt()
  const navigate = useNavigate()
  const query = useQuery({ queryKey: ['/events', 'of', stream, head], queryFn: () => readEvents(0, most, { stream }), placeholderData: (before) => before })
  const shown = (query.data ?? []).filter(({ seq }) => at === undefined || seq <= at).reverse()
  return (
    <Loaded query={query as never} rows={2}>
      {() =>
        shown.length ? (
          <ul className="-mx-4 sm:-mx-5">
            {grouped(shown).map((one) => (
              <li key={one.last.seq}>
                <ChangeLine change={one} known={() => name} onOpen={() => void navigate({ to: '/changes', search: { open: String(one.last.seq), ...(at && { at }) } as never })} />
              </li>
            ))}
          </ul>
        ) : (
          <p className="text-sm text-soft">{t('history.none')}</p>
        )
      }
    </Loaded>
  )
}

/** `name`: what the thing is called, for events that tell its id alone. */
export function History({ stream, name }: { stream: string; name: string }) {
  const may = useMay('get', '/events')
  const [open, setOpen] = useState(false)
  if (!may) return null
  return (
    <details className="border-t border-line pt-4" onToggle={(event) => setOpen(event.currentTarget.open)} data-history={stream}>
      <summary className="min-h-9 py-1.5 text-sm font-medium text-accent-text">{t('history')}</summary>
      {open && (
        <div className="pt-2">
          <Changes stream={stream} name={name} />
        </div>
      )}
    </details>
  )
}
