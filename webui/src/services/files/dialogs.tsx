// Small questions about files: a name, a place.
import { CornerLeftUp, Folder } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useQuery } from '@tanstack/react-query'
import { asProblem, type Problem } from '@/api/problem'
import { t, tOr } from '@/i18n'
import { Dialog } from '@/kit/dialog'
import { Field, inputLook } from '@/kit/field'
import { Button, Spinner } from '@/kit/ui'
import { entries, parentOf } from './dav'

export const said = (problem: Problem): string => tOr(`problem.${problem.code}`, problem.offline ? t('problem.unreachable') : problem.detail || problem.title || t('problem.unknown'))

interface NameProps {
  title: string
  start?: string
  submit: string
  onName: (name: string) => Promise<void>
  onClose: () => void
}

export function NameDialog({ title, start = '', submit, onName, onClose }: NameProps) {
  const [name, setName] = useState(start)
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const wanted = name.trim()
    if (!wanted || wanted.includes('/') || wanted === '.' || wanted === '..') return setWrong(t('files.bad_name'))
    setBusy(true)
    try {
      await onName(wanted)
      onClose()
    } catch (error) {
      setWrong(said(asProblem(error)))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-5">
        <Field label={t('files.name')} error={wrong} required>
          {(ids) => <input {...ids} data-first className={inputLook} spellCheck={false} autoComplete="off" value={name} onFocus={(event) => event.target.select()} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <div>
          <Button type="submit" look="primary" busy={busy}>
            {submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Where to; `not` are folders that cannot go into themselves. */
export function PlaceDialog({ space, start, not, onPlace, onClose }: { space: string; start: string; not: string[]; onPlace: (folder: string) => Promise<void>; onClose: () => void }) {
  const [at, setAt] = useState(start)
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const query = useQuery({ queryKey: ['dav', space, at], queryFn: ({ signal }) => entries(space, at, signal) })
  const folders = query.data?.filter(({ folder, path }) => folder && !not.includes(path)) ?? []
  const move = async () => {
    setBusy(true)
    setWrong('')
    try {
      await onPlace(at)
      onClose()
    } catch (error) {
      setWrong(said(asProblem(error)))
    } finally {
      setBusy(false)
    }
  }
  const line = 'flex min-h-10 w-full items-center gap-2.5 rounded-lg px-3 text-left text-sm hover:bg-sunken'
  return (
    <Dialog title={t('files.move_to')} subtitle={at ? `${t('files.top')} / ${at.split('/').join(' / ')}` : t('files.top')} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <ul aria-label={t('files.folders')} className="h-60 overflow-y-auto rounded-xl border border-line p-1.5">
          {at && (
            <li>
              <button type="button" className={line} onClick={() => setAt(parentOf(at))}>
                <CornerLeftUp aria-hidden className="size-4 text-soft" /> {t('files.up')}
              </button>
            </li>
          )}
          {folders.map(({ path, name }) => (
            <li key={path}>
              <button type="button" className={line} onClick={() => setAt(path)}>
                <Folder aria-hidden className="size-4 text-accent-text" /> {name}
              </button>
            </li>
          ))}
          {query.isPending ? <Spinner /> : !folders.length && <li className="p-3 text-sm text-soft">{t('files.no_folders')}</li>}
        </ul>
        {wrong && (
          <p role="alert" data-error className="text-sm font-medium text-bad">
            {wrong}
          </p>
        )}
        <div>
          <Button look="primary" busy={busy} disabled={at === start} onClick={() => void move()}>
            {t('files.move_here')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
