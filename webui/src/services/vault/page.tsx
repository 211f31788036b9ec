// The cell's own certificate authority: its root for every device, the certificates that it issued, and their end.
import { Download, FileBadge, Landmark } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { raw } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useGet, type Item } from '@/api/query'
import { day, relative, t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import { tellProblem, usePress } from '@/kit/commit'
import { OneTime, download } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Empty, Loaded, Page, useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { Badge, Button, Callout, Card, Facts, Mono, type Tone } from '@/kit/ui'
import { Recovery } from './recovery'

type Certificate = Item<'/vault/certificates'>

const save = async (at: string, name: string) => {
  try {
    download(name, await (await raw(at)).blob())
  } catch (error) {
    tellProblem(asProblem(error))
  }
}

function Authority() {
  const query = useGet('/vault/ca')
  const blocked = useBlocked('post', '/vault/ca')
  const { press, busy } = usePress()
  if (query.error?.status === 404) {
    return (
      <Card title={t('vault.authority')}>
        <Empty
          icon={Landmark}
          title={t('vault.no_authority')}
          action={
            <Button look="primary" busy={busy} disabled={!!blocked} title={blocked} onClick={() => void press(change('post', '/vault/ca', { body: {} as never }), { title: t('vault.made'), undo: false })}>
              {t('vault.make')}
            </Button>
          }
        >
          {t('vault.no_authority.text')}
        </Empty>
      </Card>
    )
  }
  return (
    <Card title={t('vault.authority')}>
      <Loaded query={query}>
        {(authority) => (
          <div className="flex flex-col gap-4">
            <p className="text-sm text-soft">{t('vault.root.text')}</p>
            <Facts
              rows={[
                [t('vault.fingerprint'), <Mono key="f">{authority.root_fingerprint}</Mono>],
                [t('vault.root_key'), authority.has_root_key ? t('vault.root_key.here') : t('vault.root_key.away')],
                [t('created'), day(authority.created_at)],
              ]}
            />
            <div className="flex flex-wrap gap-2">
              <Button look="primary" icon={Download} onClick={() => void save('/vault/ca/root', 'cell-root.pem')}>
                {t('vault.root.download')}
              </Button>
              <Button icon={Download} onClick={() => void save('/vault/ca/root?format=mobileconfig', 'cell-root.mobileconfig')}>
                {t('vault.root.apple')}
              </Button>
              <Button icon={Download} onClick={() => void save('/vault/crl', 'cell.crl')}>
                {t('vault.crl')}
              </Button>
            </div>
          </div>
        )}
      </Loaded>
    </Card>
  )
}

const soon_ms = 21 * 86_400_000
function stateOf(certificate: Certificate): [Tone, string] {
  if (certificate.revoked_at) return ['bad', 'revoked']
  const left = new Date(certificate.not_after).getTime() - Date.now()
  return left < 0 ? ['bad', 'expired'] : left < soon_ms ? ['warn', 'expiring'] : ['good', 'valid']
}

function About({ certificate }: { certificate: Certificate }) {
  const blocked = useBlocked('post', '/vault/certificates/{id}/revoke')
  const [revoking, setRevoking] = useState(false)
  return (
    <div className="flex flex-col gap-4">
      <Facts
        rows={[
          [t('certificate.sans'), certificate.sans.join(', ') || '—'],
          !!certificate.service && [t('certificate.service'), tOr(`service.${certificate.service}`, certificate.service!)],
          [t('certificate.not_before'), day(certificate.not_before)],
          [t('certificate.not_after'), `${day(certificate.not_after)} (${relative(certificate.not_after)})`],
          [t('certificate.serial'), <Mono key="s">{certificate.serial}</Mono>],
          !!certificate.revoked_at && [t('certificate.revoked'), `${day(certificate.revoked_at!)} ${certificate.revoked_reason ?? ''}`],
        ]}
      />
      <div className="flex flex-wrap gap-2">
        <Button icon={Download} onClick={() => void save(`/vault/certificates/${certificate.id}/chain`, `${certificate.subject.replaceAll(/[^\w.-]+/g, '_')}.pem`)}>
          {t('certificate.chain')}
        </Button>
        {!blocked && !certificate.revoked_at && (
          <Button look="danger" onClick={() => setRevoking(true)}>
            {t('certificate.revoke')}
          </Button>
        )}
      </div>
      {revoking && (
        <PlannedDialog
          danger
          title={t('certificate.revoke')}
          text={t('certificate.revoke.text')}
          change={change('post', '/vault/certificates/{id}/revoke', { params: { id: certificate.id }, body: {} as never, version: certificate.version })}
          submit={t('certificate.revoke')}
          said={t('certificate.revoked_said', { name: certificate.subject })}
          undo={false}
          onClose={() => setRevoking(false)}
        />
      )}
    </div>
  )
}

export default function Vault() {
  const [key, setKey] = useState<string | null>(null)
  return (
    <Page title={t('nav.vault')} lead={t('vault.lead')}>
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Authority />
        <Recovery />
      </div>
      <Collection
        spec={{
          path: '/vault/certificates',
          words: 'certificate',
          icon: FileBadge,
          name: (certificate) => certificate.subject,
          text: (certificate) => `${certificate.subject} ${certificate.sans.join(' ')} ${certificate.serial}`,
          make: 'IssueCertificate',
          fields: [{ name: 'subject', placeholder: 'nas.cell.home.arpa' }, { name: 'sans' }, { name: 'purpose' }, { name: 'days' }, { name: 'csr', as: 'textarea', mono: true, advanced: true }],
          canUndo: false,
          more: (certificate) => <About certificate={certificate} />,
          onMade: (done) => typeof done.resource?.private_key === 'string' && setKey(done.resource.private_key),
          columns: [
            { key: 'subject', title: t('certificate.subject'), width: '2fr', sort: (certificate) => certificate.subject, cell: (certificate) => certificate.subject },
            { key: 'service', title: t('certificate.service'), wide: true, cell: (certificate) => (certificate.service ? tOr(`service.${certificate.service}`, certificate.service) : <span className="text-soft">—</span>) },
            { key: 'until', title: t('certificate.not_after'), sort: (certificate) => certificate.not_after, cell: (certificate) => relative(certificate.not_after) },
            {
              key: 'state',
              title: t('certificate.state'),
              width: '8rem',
              cell: (certificate) => {
                const [tone, word] = stateOf(certificate)
                return (
                  <Badge tone={tone} mark>
                    {tOr(`certificate.state.${word}`, word)}
                  </Badge>
                )
              },
            },
          ],
        }}
      />
      {key && (
        <Dialog title={t('certificate.key')} onClose={() => setKey(null)} wide>
          <div className="flex flex-col gap-4">
            <Callout tone="warn" title={t('tokens.once')}>
              {t('certificate.key.text')}
            </Callout>
            <OneTime label={t('certificate.key')} value={key} />
            <div className="flex gap-2">
              <Button icon={Download} onClick={() => download('private-key.pem', key)}>
                {t('certificate.key.download')}
              </Button>
              <Button onClick={() => setKey(null)}>{t('done')}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </Page>
  )
}
