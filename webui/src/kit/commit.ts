// Committing, the same everywhere: the change is made, its pages are asked anew, and a toast says so, how far its
// services are, and offers the way back. Nothing here asks "are you sure?".
import { useCallback, useState } from 'react'
import { change, commit, type Change, type Done } from '@/api/change'
import { theFeed } from '@/api/feed'
import { asProblem, type Problem } from '@/api/problem'
import { mayNow } from '@/api/session'
import { t } from '@/i18n'
import { fresh } from './fresh'
import { toast } from './toast'

export function tellProblem(problem: Problem, title?: string) {
  const lines = problem.errors.map(({ pointer, detail }) => `${pointer} ${detail}`)
  const detail = problem.offline ? t('problem.offline') : problem.detail || lines.join('\n')
  toast({ tone: 'bad', title: title ?? (problem.offline ? t('problem.unreachable') : problem.title), detail, stays: !problem.offline })
}

export async function undo(seq: number): Promise<void> {
  try {
    const done = await commit(change('post', '/changes/{seq}/undo', { params: { seq } }))
    theFeed().changed()
    toast({ tone: 'good', title: t('undone'), seq: done.seq, undo: () => void undo(done.seq) })
  } catch (error) {
    tellProblem(asProblem(error), t('undo.failed'))
  }
}

interface Said {
  /** "Added laptop". */
  title: string
  undo?: boolean
  quiet?: boolean
}

/** Commits and says so; what goes wrong is thrown. */
export async function commitAndTell(one: Change, said: Said | ((done: Done) => Said)): Promise<Done> {
  const done = await fresh(() => commit(one))
  theFeed().changed()
  const { title, undo: offer = true, quiet } = typeof said === 'function' ? said(done) : said
  if (!quiet) toast({ tone: 'good', title, seq: done.seq || undefined, undo: offer && done.seq && mayNow('post', '/changes/{seq}/undo') ? () => void undo(done.seq) : undefined })
  return done
}

/** For buttons: a change at a press, its trouble told in a toast. */
export function usePress() {
  const [busy, setBusy] = useState(false)
  const press = useCallback(async (one: Change, said: Said | ((done: Done) => Said)): Promise<Done | null> => {
    setBusy(true)
    try {
      return await commitAndTell(one, said)
    } catch (error) {
      tellProblem(asProblem(error))
      return null
    } finally {
      setBusy(false)
    }
  }, [])
  return { press, busy }
}
