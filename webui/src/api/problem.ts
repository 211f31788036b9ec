// Why the daemon said no, as RFC 9457 puts it, and the one error that everything here throws. `code` is stable and may be
// compared; `errors` say which fields; 0 is the status of a daemon that did not answer at all.
export interface FieldError {
  pointer: string
  detail: string
}

export class Problem extends Error {
  override name = 'Problem'
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly requestId?: string,
  ) {
    super(detail || title)
  }

  get offline() {
    return this.status === 0
  }

  get conflict() {
    return this.status === 412
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const text = (value: unknown) => (typeof value === 'string' ? value : '')

export function problemOf(status: number, body: unknown): Problem {
  if (!isObject(body)) return new Problem(status, 'unknown', `HTTP ${status}`, text(body))
  const errors = Array.isArray(body.errors) ? body.errors.filter(isObject).map((e) => ({ pointer: text(e.pointer), detail: text(e.detail) })) : []
  return new Problem(status, text(body.code) || 'unknown', text(body.title), text(body.detail), errors, text(body.request_id) || undefined)
}

/** Anything thrown, as a problem: fetch throws a TypeError where nobody answers. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, 'unreachable', '', error instanceof Error ? error.message : String(error))
}

/** "/forwards/0/domain" -> ["forwards", "0", "domain"] (RFC 6901). */
export const pointerParts = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** What a problem says about each field of a form; `rest` is about no field that the form has. */
export function byField(problem: Problem, fields: readonly string[]): { fields: Record<string, string>; rest: string[] } {
  const found: Record<string, string> = {}
  const rest: string[] = []
  for (const { pointer, detail } of problem.errors) {
    const parts = pointerParts(pointer)
    const field = parts.find((part) => fields.includes(part))
    if (!field) rest.push(pointer ? `${pointer}: ${detail}` : detail)
    else {
      const where = parts.slice(parts.indexOf(field) + 1)[0]
      const line = where && /^\d+$/.test(where) ? `${Number(where) + 1}: ${detail}` : detail
      found[field] = found[field] ? `${found[field]}; ${line}` : line
    }
  }
  return { fields: found, rest }
}
