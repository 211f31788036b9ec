// Getting a device in. The private key leaves the vault once, so its text is fetched once and everything (the picture, the
// file, the clipboard) is made of it here.
import { Download, KeyRound, Link2, QrCode } from 'lucide-react'
import { useQuery } from '@tanstack/react-query'
import { Suspense, lazy, useState } from 'react'
import { client, raw, take } from '@/api/client'
import { theFeed } from '@/api/feed'
import { asProblem } from '@/api/problem'
import { get } from '@/api/query'
import { useMay } from '@/api/session'
import { dateTime, t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { CopyButton, OneTime, download } from '@/kit/copy'
import { Button, Callout, Spinner } from '@/kit/ui'
import type { Peer } from './page'

const Qr = lazy(() => import('@/kit/qr'))

export const readConfig = async (id: string): Promise<string> => {
  const text = await (await raw(`/peers/${id}/config`, { headers: { Accept: 'text/plain' } })).text()
  theFeed().changed()
  return text
}

const loopback = /^(localhost|127\.|\[::1\])/

/** What keeps this device from getting through, said plainly. */
export function Reachability() {
  const cell = useQuery({ ...get('/cell'), enabled: useMay('get', '/cell') }).data
  return (
    <>
      {loopback.test(location.hostname) && (
        <Callout tone="warn" title={t('peers.local')}>
          {t('peers.local.text')}
        </Callout>
      )}
      {cell && !cell.endpoint && (
        <Callout tone="info" title={t('peers.no_endpoint')}>
          {t('peers.no_endpoint.text')}
        </Callout>
      )}
    </>
  )
}

export function Config({ text, name }: { text: string; name: string }) {
  const [shown, show] = useState(false)
  return (
    <div className="flex flex-col gap-4" data-config>
      <div className="flex flex-col items-center gap-2 text-center">
        <Suspense fallback={<Spinner />}>
          <Qr text={text} label={t('peers.qr', { name })} />
        </Suspense>
        <p className="text-sm text-soft">{t('peers.scan')}</p>
      </div>
      <div className="flex flex-wrap justify-center gap-2">
        <Button look="primary" icon={Download} onClick={() => download(`${name}.conf`, text)}>
          {t('peers.download')}
        </Button>
        <CopyButton text={text} label={t('copy')} />
        <Button look="quiet" aria-expanded={shown} onClick={() => show(!shown)}>
          {t('peers.text')}
        </Button>
      </div>
      {shown && (
        <pre tabIndex={0} className="overflow-x-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs">
          {text}
        </pre>
      )}
    </div>
  )
}

const lifetimes = [3600, 86_400, 604_800]

export function Connect({ peer, start }: { peer: Peer; start?: string | undefined }) {
  const [text, setText] = useState<string | null>(start ?? null)
  const [link, setLink] = useState<{ path: string; expires_at: string } | null>(null)
  const [lifetime, setLifetime] = useState(lifetimes[0]!)
  const [busy, setBusy] = useState(false)
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true)
    try {
      await what()
    } catch (error) {
      tellProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const makeLink = () => attempt(async () => setLink(await take(client.POST('/peers/{id}/link', { params: { path: { id: peer.id } }, body: { expires_in: lifetime } }))))
  if (text) return <Config text={text} name={peer.name} />
  if (link) {
    return (
      <div className="flex flex-col gap-3" data-link>
        <OneTime label={t('peers.link')} value={location.origin + link.path} />
        <p className="text-sm text-soft">{t('peers.link.text', { when: dateTime(link.expires_at) })}</p>
      </div>
    )
  }
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-soft">{peer.has_private_key ? (peer.keep_key ? t('peers.key_kept') : t('peers.key_once')) : t('peers.key_gone')}</p>
      <div className="flex flex-wrap items-center gap-2">
        <Button look={peer.has_private_key ? 'primary' : 'plain'} icon={peer.has_private_key ? QrCode : KeyRound} busy={busy} onClick={() => void attempt(async () => setText(await readConfig(peer.id)))}>
          {peer.has_private_key ? t('peers.show') : t('peers.show_without')}
        </Button>
        <Button icon={Link2} busy={busy} onClick={() => void makeLink()}>
          {t('peers.make_link')}
        </Button>
        <select aria-label={t('peers.link.lifetime')} className="min-h-10 rounded-lg border border-line-strong bg-surface px-2 text-sm sm:min-h-9" value={lifetime} onChange={(event) => setLifetime(Number(event.target.value))}>
          <option value={3600}>{t('peers.for_hour')}</option>
          <option value={86_400}>{t('peers.for_day')}</option>
          <option value={604_800}>{t('peers.for_week')}</option>
        </select>
      </div>
    </div>
  )
}
