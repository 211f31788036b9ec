// What is on its way up: one after the other, each with how far it is, its end, and what to do where its name is taken.
import { useSyncExternalStore } from 'react'
import { Problem, asProblem } from '@/api/problem'
import { join, upload } from './dav'

export interface Upload {
  key: number
  space: string
  path: string
  file: File
  sent: number
  state: 'waiting' | 'going' | 'done' | 'taken' | 'failed'
  problem?: Problem
}

let all: Upload[] = []
let next = 0
let running = false
const stops = new Map<number, AbortController>()
const watchers = new Set<() => void>()
const finished = new Set<(space: string) => void>()

const set = (to: Upload[]) => {
  all = to
  watchers.forEach((told) => told())
}
const change = (key: number, some: Partial<Upload>) => set(all.map((one) => (one.key === key ? { ...one, ...some } : one)))

export const useUploads = () =>
  useSyncExternalStore(
    (told) => {
      watchers.add(told)
      return () => void watchers.delete(told)
    },
    () => all,
  )
/** Told after each that arrived. */
export const onUploaded = (told: (space: string) => void) => {
  finished.add(told)
  return () => void finished.delete(told)
}

async function run() {
  if (running) return
  running = true
  for (let one = all.find(({ state }) => state === 'waiting'); one; one = all.find(({ state }) => state === 'waiting')) await send(one, false)
  running = false
}

async function send({ key, space, path, file }: Upload, overwrite: boolean) {
  const stop = new AbortController()
  stops.set(key, stop)
  change(key, { state: 'going', sent: 0 })
  try {
    await upload(space, path, file, overwrite, (sent) => change(key, { sent }), stop.signal)
    change(key, { state: 'done', sent: file.size })
    finished.forEach((told) => told(space))
  } catch (error) {
    if (error instanceof DOMException) return
    const problem = asProblem(error)
    change(key, problem.code === 'files_exists' ? { state: 'taken' } : { state: 'failed', problem })
  } finally {
    stops.delete(key)
  }
}

export function add(space: string, folder: string, files: Iterable<File>) {
  set([...all.filter(({ state }) => state !== 'done'), ...Array.from(files, (file) => ({ key: ++next, space, path: join(folder, file.name), file, sent: 0, state: 'waiting' as const }))])
  void run()
}
export const replace = (one: Upload) => void send(one, true)
export function again(one: Upload) {
  change(one.key, { state: 'waiting' })
  void run()
}
/** "photo.jpg" as "photo (2).jpg". */
export function beside(path: string): string {
  const slash = path.lastIndexOf('/') + 1
  const dot = path.lastIndexOf('.')
  const end = dot > slash ? dot : path.length
  const [, stem, count] = /^(.*?)(?: \((\d+)\))?$/.exec(path.slice(slash, end))!
  return `${path.slice(0, slash)}${stem} (${Number(count ?? 1) + 1})${path.slice(end)}`
}
export function keepBoth(one: Upload) {
  change(one.key, { state: 'waiting', path: beside(one.path) })
  void run()
}
export function drop({ key }: Upload) {
  stops.get(key)?.abort()
  set(all.filter((one) => one.key !== key))
}
export const clear = () => set(all.filter(({ state }) => state === 'waiting' || state === 'going'))
