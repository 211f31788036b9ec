// The certificates that the cell's authority issued, and their end. Those of the cell's own services it renews by itself.
import { Download, FileBadge } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import type { Item } from '@/api/query'
import { day, relative, t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import { useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { Badge, Button, Facts, Mono, type Tone } from '@/kit/ui'
import { PrivateKey } from './private-key'
import { save } from './save'

type Certificate = Item<'/vault/certificates'>

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

export function Certificates() {
  const [key, setKey] = useState<string | null>(null)
  return (
    <>
      <Collection
        spec={{
          path: '/vault/certificates',
          stream: 'certificate-',
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
      {key && <PrivateKey title={t('certificate.key')} text={t('certificate.key.text')} file="private-key.pem" value={key} onClose={() => setKey(null)} />}
    </>
  )
}
