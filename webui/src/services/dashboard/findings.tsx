// What is wrong with the cell, why, and what helps; the daemon looks anew for each answer. It is asked again when a service's
// state changes, when somebody decides to ignore a finding, and now and then for what no event tells of (a full disk, a
// resolver that went silent).
import { Link } from '@tanstack/react-router'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { BellOff, BellRing } from 'lucide-react'
import { useEffect } from 'react'
import { change } from '@/api/change'
import { theFeed, type Service } from '@/api/feed'
import { get, type Got } from '@/api/query'
import { relative, t, tn } from '@/i18n'
import { usePress } from '@/kit/commit'
import { useBlocked } from '@/kit/page'
import { Button, Callout } from '@/kit/ui'

export type Finding = Got<'/findings'>['items'][number]

const refresh_ms = 60_000

export function useFindings(services: Service[] | undefined, enabled: boolean) {
  const queries = useQueryClient()
  const query = useQuery({ ...get('/findings'), enabled, refetchInterval: refresh_ms, placeholderData: (before) => before })
  const states = services?.map((one) => `${one.name}${one.state}${one.health}${one.drift}${one.pending_restart}`).join()
  useEffect(() => {
    const again = () => void queries.invalidateQueries({ queryKey: ['/findings'] })
    again()
    return theFeed().follow((event) => event.type === 'FindingIgnored' && again())
  }, [queries, states])
  return query
}

interface Place {
  to: string
  search?: Record<string, string>
  words: string
}

/** The page on which it is mended, where there is one. */
export function placeOf(id: string): Place | undefined {
  if (id.startsWith('refused-')) return { to: '/changes', words: t('attention.see_changes') }
  if (id.startsWith('agent-unreachable-')) return { to: '/settings', search: { tab: 'agents' }, words: t('attention.see_agents') }
  if (id === 'upstream-dns-silent') return { to: '/network', search: { tab: 'resolvers' }, words: t('attention.see_resolvers') }
  if (id.startsWith('drift-')) return { to: '/settings', search: { tab: 'services', open: id.slice('drift-'.length) }, words: t('attention.see_drift') }
  if (id.startsWith('rotate-')) return { to: '/vault', search: { tab: 'secrets' }, words: t('attention.see_secrets') }
  if (id.startsWith('certificate-') || id === 'intermediate-due') return { to: '/vault', words: t('attention.see_vault') }
  if (id.startsWith('container-')) return { to: '/containers', words: t('attention.see_containers') }
  return undefined
}

function One({ finding }: { finding: Finding }) {
  const blocked = useBlocked('patch', '/findings/{finding}')
  const { press, busy } = usePress()
  const place = placeOf(finding.id)
  const ignore = (ignored: boolean) =>
    void press(change('patch', '/findings/{finding}', { params: { finding: finding.id }, body: { ignored } }), { title: t(ignored ? 'finding.ignored' : 'finding.heard', { what: finding.what }) })
  return (
    <Callout tone={finding.ignored ? 'idle' : finding.severity === 'error' ? 'bad' : 'warn'} title={finding.what}>
      <p>{finding.why}</p>
      <p className="mt-1">
        <span className="font-medium">{t('finding.fix')}</span> {finding.fix}
      </p>
      <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-xs text-soft">{t('finding.since', { when: relative(finding.since) })}</span>
        {place && (
          <Link to={place.to} search={(place.search ?? {}) as never} className="inline-flex min-h-8 items-center text-[0.8125rem] font-medium underline underline-offset-4">
            {place.words}
          </Link>
        )}
        {!blocked && (
          <Button small look="quiet" icon={finding.ignored ? BellRing : BellOff} busy={busy} className="-ml-2.5 text-ink" onClick={() => ignore(!finding.ignored)}>
            {t(finding.ignored ? 'finding.hear' : 'finding.ignore')}
          </Button>
        )}
      </p>
    </Callout>
  )
}

export function Findings({ findings }: { findings: Finding[] }) {
  const [heard, ignored] = [findings.filter((one) => !one.ignored), findings.filter((one) => one.ignored)]
  return (
    <>
      {heard.map((one) => (
        <li key={one.id} data-finding={one.id}>
          <One finding={one} />
        </li>
      ))}
      {!!ignored.length && (
        <li>
          <details>
            <summary className="min-h-8 py-1 text-sm text-soft">{tn('finding.ignored_count', ignored.length)}</summary>
            <ul className="mt-2 flex flex-col gap-3">
              {ignored.map((one) => (
                <li key={one.id} data-finding={one.id}>
                  <One finding={one} />
                </li>
              ))}
            </ul>
          </details>
        </li>
      )}
    </>
  )
}
