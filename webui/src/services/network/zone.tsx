// Zone files in and out (RFC 1035), for those who come from elsewhere or want to leave.
import { Download, Eye, Upload } from 'lucide-react'
import { useState } from 'react'
import { change, rehearse, type Change, type Plan } from '@/api/change'
import { raw } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { useGet } from '@/api/query'
import { useAt } from '@/api/time'
import { t, tn } from '@/i18n'
import { commitAndTell, tellProblem } from '@/kit/commit'
import { download } from '@/kit/copy'
import { Field, inputLook } from '@/kit/field'
import { useBlocked } from '@/kit/page'
import { PlanView } from '@/kit/plan'
import { Button, Callout, Card } from '@/kit/ui'

export function Zone() {
  const domain = useGet('/cell').data?.domain
  const at = useAt()
  const blocked = useBlocked('post', '/dns/zones/{zone}/import')
  const [text, setText] = useState('')
  const [plan, setPlan] = useState<Plan | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  if (!domain) return null
  const make = (): Change => ({ ...change('post', '/dns/zones/{zone}/import', { params: { zone: domain } }), body: text, media: 'text/dns' })
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await what()
    } catch (error) {
      setPlan(null)
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const save = async () => {
    try {
      download(`${domain}.zone`, await (await raw(`/dns/zones/${encodeURIComponent(domain)}/export${at ? `?at=${at}` : ''}`)).text(), 'text/dns')
    } catch (error) {
      tellProblem(asProblem(error))
    }
  }
  const lines = problem?.errors.map(({ pointer, detail }) => (pointer ? `${pointer}: ${detail}` : detail)).join('\n')
  return (
    <div className="flex flex-col gap-5">
      <Card title={t('zone.export')}>
        <p className="mb-4 text-sm text-soft">{t('zone.export.text', { domain })}</p>
        <Button icon={Download} onClick={() => void save()}>
          {t('zone.download')}
        </Button>
      </Card>
      <Card title={t('zone.import')}>
        {blocked ? (
          <Callout tone="info">{blocked}</Callout>
        ) : (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              void attempt(async () => {
                await commitAndTell(make(), { title: t('zone.imported') })
                setText('')
                setPlan(null)
              })
            }}
          >
            <Field label={t('zone.text')} hint={t('zone.text.hint', { domain })} error={problem ? lines || problem.detail || t('problem.nothing_lost') : undefined} required>
              {(ids) => (
                <textarea
                  {...ids}
                  rows={8}
                  spellCheck={false}
                  className={`${inputLook} font-mono text-sm`}
                  placeholder={`printer 300 IN A 192.168.1.20\n@ 300 IN TXT "hello"`}
                  value={text}
                  onChange={(event) => {
                    setText(event.target.value)
                    setPlan(null)
                  }}
                />
              )}
            </Field>
            <div className="flex flex-wrap items-center gap-2">
              <label className="relative inline-flex min-h-10 items-center gap-2 rounded-lg border border-line px-3.5 text-sm font-medium focus-within:outline-2 focus-within:outline-accent hover:border-line-strong sm:min-h-9">
                <Upload aria-hidden className="size-4" /> {t('zone.file')}
                <input type="file" className="absolute inset-0 size-full opacity-0" onChange={(event) => void event.target.files?.[0]?.text().then(setText)} />
              </label>
              <Button icon={Eye} busy={busy} disabled={!text.trim()} onClick={() => void attempt(async () => setPlan(await rehearse(make())))}>
                {t('plan.show')}
              </Button>
              <Button type="submit" look="primary" busy={busy} disabled={!text.trim()}>
                {t('zone.submit')}
              </Button>
              {plan && <span className="text-sm text-soft">{tn('zone.count', plan.events.length)}</span>}
            </div>
            {plan && <PlanView plan={plan} />}
          </form>
        )}
      </Card>
    </div>
  )
}
