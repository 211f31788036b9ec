// A private key that has left the vault: shown this once, to be kept by whoever asked for it.
import { Download } from 'lucide-react'
import { t } from '@/i18n'
import { OneTime, download } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Button, Callout } from '@/kit/ui'

export function PrivateKey({ title, text, file, value, onClose }: { title: string; text: string; file: string; value: string; onClose: () => void }) {
  return (
    <Dialog title={title} onClose={onClose} closable={false} wide>
      <div className="flex flex-col gap-4">
        <Callout tone="warn" title={t('tokens.once')}>
          {text}
        </Callout>
        <OneTime label={title} value={value} />
        <div className="flex flex-wrap gap-2">
          <Button look="primary" icon={Download} onClick={() => download(file, value)}>
            {t('certificate.key.download')}
          </Button>
          <Button onClick={onClose}>{t('recovery.kept')}</Button>
        </div>
      </div>
    </Dialog>
  )
}
