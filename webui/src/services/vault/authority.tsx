// The cell's own certificate authority: its root for every device, where the root's key is, and a new intermediate.
import { Download, KeyRound, Landmark, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useGet } from '@/api/query'
import { day, t } from '@/i18n'
import { usePress } from '@/kit/commit'
import { Dialog } from '@/kit/dialog'
import { ChangeForm } from '@/kit/form'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { Button, Callout, Card, Facts, Mono } from '@/kit/ui'
import { PrivateKey } from './private-key'
import { save } from './save'

function Renew({ hasRootKey, onClose }: { hasRootKey: boolean; onClose: () => void }) {
  return (
    <Dialog title={t('vault.renew')} subtitle={t('vault.renew.text')} onClose={onClose}>
      <ChangeForm
        schema="RenewIntermediate"
        words="renew"
        fields={hasRootKey ? [] : [{ name: 'root_key', as: 'secret' }]}
        canPlan={false}
        undo={false}
        make={(body) => change('post', '/vault/ca/intermediate', { body })}
        said={() => t('vault.renewed')}
        submit={t('vault.renew')}
        onDone={onClose}
      />
    </Dialog>
  )
}

export function Authority() {
  const query = useGet('/vault/ca')
  const blocked = useBlocked('post', '/vault/ca')
  const { press, busy } = usePress()
  const [open, setOpen] = useState<'take' | 'renew' | null>(null)
  const [key, setKey] = useState<string | null>(null)
  const close = () => setOpen(null)
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
            {!blocked && (
              <div className="flex flex-wrap gap-2 border-t border-line pt-4">
                <Button icon={RefreshCw} onClick={() => setOpen('renew')}>
                  {t('vault.renew')}
                </Button>
                {authority.has_root_key && (
                  <Button icon={KeyRound} onClick={() => setOpen('take')}>
                    {t('vault.root_key.take')}
                  </Button>
                )}
              </div>
            )}
            {!authority.has_root_key && <Callout tone="info">{t('vault.root_key.away.text')}</Callout>}
            {open === 'renew' && <Renew hasRootKey={authority.has_root_key} onClose={close} />}
          </div>
        )}
      </Loaded>
      {open === 'take' && (
        <PlannedDialog
          danger
          title={t('vault.root_key.take')}
          text={t('vault.root_key.take.text')}
          change={change('post', '/vault/ca/root-key', { body: {} as never })}
          submit={t('vault.root_key.take')}
          said={t('vault.root_key.taken')}
          undo={false}
          onDone={(done) => typeof done.resource?.private_key === 'string' && setKey(done.resource.private_key)}
          onClose={close}
        />
      )}
      {key && <PrivateKey title={t('vault.root_key')} text={t('vault.root_key.once')} file="cell-root-key.pem" value={key} onClose={() => setKey(null)} />}
    </Card>
  )
}
