// The whole configuration as one readable file, out and in. In is one change: look at its plan, commit, undo it as one.
import { Download, Eye } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useGet } from '@/api/query'
import { useAt } from '@/api/time'
import { t } from '@/i18n'
import { download } from '@/kit/copy'
import { Field, inputLook } from '@/kit/field'
import { Loaded, useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { Button, Callout, Card } from '@/kit/ui'

export function Config() {
  const query = useGet('/config')
  const at = useAt()
  const blocked = useBlocked('put', '/config')
  const [given, setGiven] = useState<unknown>(null)
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [planning, setPlanning] = useState(false)
  const read = async (file: File | undefined) => {
    setGiven(null)
    setWrong(undefined)
    if (!file) return
    setName(file.name)
    try {
      setGiven(JSON.parse(await file.text()))
    } catch (error) {
      setWrong(t('config.not_json', { why: String(error instanceof Error ? error.message : error) }))
    }
  }
  return (
    <div className="flex flex-col gap-5">
      <Card title={t('config.export')}>
        <Loaded query={query}>
          {(config) => {
            const text = JSON.stringify(config, null, 2)
            return (
              <div className="flex flex-col gap-4">
                <p className="text-sm text-soft">{t('config.export.text')}</p>
                <div>
                  <Button icon={Download} onClick={() => download(`cell_config${at ? `-${at}` : ''}.json`, text, 'application/json')}>
                    {t('config.download')}
                  </Button>
                </div>
                <pre tabIndex={0} aria-label={t('config.title')} className="max-h-96 overflow-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs">
                  {text}
                </pre>
              </div>
            )
          }}
        </Loaded>
      </Card>
      <Card title={t('config.import')}>
        {blocked ? (
          <Callout tone="info">{blocked}</Callout>
        ) : (
          <div className="flex max-w-xl flex-col gap-4">
            <p className="text-sm text-soft">{t('config.import.text')}</p>
            <Field label={t('config.file')} error={wrong}>
              {(ids) => <input {...ids} type="file" accept=".json,application/json" className={inputLook} onChange={(event) => void read(event.target.files?.[0])} />}
            </Field>
            <div>
              <Button icon={Eye} disabled={!given} onClick={() => setPlanning(true)}>
                {t('config.plan')}
              </Button>
            </div>
          </div>
        )}
      </Card>
      {planning && given !== null && (
        <PlannedDialog title={t('config.import.title', { name })} change={change('put', '/config', { body: given as never })} submit={t('config.import.submit')} said={t('config.imported')} onClose={() => setPlanning(false)} />
      )}
    </div>
  )
}
