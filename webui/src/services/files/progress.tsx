import { CheckCircle2, X } from 'lucide-react'
import { bytes, t, tOr } from '@/i18n'
import { Button, Card, IconButton } from '@/kit/ui'
import { again, clear, drop, keepBoth, replace, useUploads } from './uploads'

export function Progress() {
  const uploads = useUploads()
  if (!uploads.length) return null
  const left = uploads.filter(({ state }) => state !== 'done').length
  return (
    <Card
      flush
      title={left ? t('uploads.title') : t('uploads.done')}
      action={
        <Button small look="quiet" onClick={clear}>
          {t('uploads.clear')}
        </Button>
      }
    >
      <ul aria-label={t('uploads.title')} aria-live="polite" className="divide-y divide-line">
        {uploads.map((one) => (
          <li key={one.key} data-upload={one.state} className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 sm:px-5">
            <span className="min-w-0 flex-1 basis-40 truncate text-sm">{one.path}</span>
            {one.state === 'done' && <CheckCircle2 role="img" aria-label={t('uploads.arrived')} className="size-4 text-good" />}
            {(one.state === 'going' || one.state === 'waiting') && (
              <>
                <progress aria-label={one.path} max={Math.max(one.file.size, 1)} value={one.sent} className="h-2 w-32 accent-[var(--accent)]" />
                <span className="w-28 text-right text-xs text-soft tabular-nums">{t('uploads.of', { sent: bytes(one.sent), size: bytes(one.file.size) })}</span>
              </>
            )}
            {one.state === 'taken' && (
              <>
                <span className="w-full text-sm text-warn sm:w-auto">{t('uploads.taken')}</span>
                <Button small onClick={() => replace(one)}>
                  {t('uploads.replace')}
                </Button>
                <Button small onClick={() => keepBoth(one)}>
                  {t('uploads.both')}
                </Button>
              </>
            )}
            {one.state === 'failed' && (
              <>
                <span className="text-sm text-bad" data-error>
                  {tOr(`problem.${one.problem?.code}`, one.problem?.offline ? t('problem.unreachable') : one.problem?.title || t('problem.unknown'))}
                </span>
                <Button small onClick={() => again(one)}>
                  {t('retry')}
                </Button>
              </>
            )}
            {one.state !== 'done' && <IconButton className="!size-8" label={t('uploads.stop', { name: one.path })} icon={X} onClick={() => drop(one)} />}
          </li>
        ))}
      </ul>
    </Card>
  )
}
