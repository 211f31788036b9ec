// A member's files over WebDAV (RFC 4918), by way of the daemon's own origin: /dav/<space>/<path>. The daemon tells the files
// service who is signed in, and that decides what they may touch. So a file is an address like any other: what is downloaded
// goes to the disk by the browser's own means and never through this page's memory.
import { call, noted, proof } from '@/api/client'
import { Problem, asProblem, problemOf } from '@/api/problem'

export interface Entry {
  /** Within the space, decoded, without a slash at either end. */
  path: string
  name: string
  folder: boolean
  size: number
  /** In milliseconds; null where the server does not say. */
  changed: number | null
  type: string
}

export const join = (...parts: string[]) => parts.flatMap((part) => part.split('/')).filter(Boolean).join('/')
export const parentOf = (path: string) => path.split('/').slice(0, -1).join('/')
const encode = (path: string) => path.split('/').filter(Boolean).map(encodeURIComponent).join('/')
const address = (space: string, path: string, folder = false) => `/dav/${encode(join(space, path))}${folder ? '/' : ''}`

/** What Apache says has no problem document: its status alone speaks. */
export function problemFor(status: number, fromFiles: boolean, text: string): Problem {
  if (!fromFiles) {
    try {
      return noted(problemOf(status, JSON.parse(text)))
    } catch {
      return new Problem(status, 'unknown', '', '')
    }
  }
  const code = { 403: 'files_forbidden', 404: 'files_gone', 405: 'files_exists', 409: 'files_no_folder', 412: 'files_exists', 423: 'files_locked', 507: 'files_full' }[status] ?? 'files_failed'
  return new Problem(status, code, '', '')
}

async function ask(method: string, space: string, path: string, some: { folder?: boolean; headers?: Record<string, string>; body?: BodyInit; signal?: AbortSignal } = {}): Promise<Response> {
  const { folder, ...init } = some
  const response = await call(address(space, path, folder), { method, ...init })
  if (response.ok) return response
  throw problemFor(response.status, response.headers.has('X-Pic-Files'), await response.text().catch(() => ''))
}

const dav = 'DAV:'
const wanted = '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/><getcontenttype/></prop></propfind>'

/** Another program may have put a name there that is no UTF-8: it is shown as it came. */
function decoded(href: string): string {
  try {
    return decodeURIComponent(href)
  } catch {
    return href
  }
}

/** What a multistatus says, without the folder itself; folders first, by name. */
export function entriesOf(document: Document, space: string, folder: string): Entry[] {
  const here = join(space, folder)
  const found: Entry[] = []
  for (const response of document.getElementsByTagNameNS(dav, 'response')) {
    const text = (name: string) => response.getElementsByTagNameNS(dav, name)[0]?.textContent ?? ''
    const path = join(decoded(text('href').replace(/^https?:\/\/[^/]+/, '')))
    if (path === here) continue
    const changed = Date.parse(text('getlastmodified'))
    found.push({
      path: path.slice(join(space).length + 1),
      name: path.slice(path.lastIndexOf('/') + 1),
      folder: response.getElementsByTagNameNS(dav, 'collection').length > 0,
      size: Number(text('getcontentlength') || 0),
      changed: Number.isNaN(changed) ? null : changed,
      type: text('getcontenttype'),
    })
  }
  return found.sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name, undefined, { numeric: true }))
}

export async function entries(space: string, folder: string, signal?: AbortSignal): Promise<Entry[]> {
  const response = await ask('PROPFIND', space, folder, { folder: true, headers: { Depth: '1', 'Content-Type': 'application/xml' }, body: wanted, ...(signal && { signal }) })
  return entriesOf(new DOMParser().parseFromString(await response.text(), 'application/xml'), space, folder)
}

export const makeFolder = (space: string, path: string) => ask('MKCOL', space, path, { folder: true })
export const removeEntry = (space: string, { path, folder }: Entry) => ask('DELETE', space, path, { folder })
/** Never over what is there: that answers 412. */
export const moveEntry = (space: string, { path, folder }: Entry, to: string) => ask('MOVE', space, path, { folder, headers: { Destination: address(space, to, folder), Overwrite: 'F' } })
/** Asked first, so that what stands in the way is said here and not by the browser's list of downloads. */
export async function downloadEntry(space: string, { path, name }: Entry): Promise<void> {
  await ask('HEAD', space, path)
  const link = document.createElement('a')
  link.href = address(space, path)
  link.download = name
  link.click()
}
export const readEntry = async (space: string, path: string): Promise<Blob> => (await ask('GET', space, path)).blob()

/** Uploads one file and says how far it is; fetch cannot. `overwrite`: else what is there answers 412. */
export function upload(space: string, path: string, file: Blob, overwrite: boolean, told: (sent: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest()
    request.open('PUT', address(space, path))
    for (const [name, value] of Object.entries({ ...proof(), 'Content-Type': file.type || 'application/octet-stream', ...(!overwrite && { 'If-None-Match': '*' }) })) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded }) => told(loaded)
    request.onload = () => (request.status >= 200 && request.status < 300 ? done() : fail(problemFor(request.status, request.getResponseHeader('X-Pic-Files') !== null, request.responseText)))
    request.onerror = () => fail(asProblem(new TypeError('unreachable')))
    request.onabort = () => fail(new DOMException('aborted', 'AbortError'))
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}
