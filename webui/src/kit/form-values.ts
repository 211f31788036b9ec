// Between what stands in a form's inputs and what a call's body wants, by the schema of the body. Pure, so that the rules
// (what is left out, what null means, what has changed) can be tested by themselves.
import forms from '@/api/gen/forms.json'

export interface FieldSchema {
  type?: string | string[]
  enum?: string[]
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  maxItems?: number
  format?: string
  default?: unknown
  items?: FieldSchema & { ref?: string }
}
export interface FormSchema {
  required: string[]
  properties: Record<string, FieldSchema>
}
export type FormName = keyof typeof forms
export const formSchema = (name: FormName): FormSchema => forms[name] as unknown as FormSchema

export type Input = string | boolean | unknown[] | Record<string, unknown>
export type Inputs = Record<string, Input>
export type Kind = 'text' | 'number' | 'switch' | 'select' | 'list' | 'moment' | 'raw'

const types = (schema: FieldSchema) => (Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : [])
export const isNullable = (schema: FieldSchema) => types(schema).includes('null')

export function kindOf(schema: FieldSchema): Kind {
  const [type] = types(schema).filter((one) => one !== 'null')
  if (schema.enum) return 'select'
  if (type === 'boolean') return 'switch'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array') return schema.items?.ref || types(schema.items ?? {})[0] === 'object' ? 'raw' : 'list'
  if (schema.format === 'date-time') return 'moment'
  return 'text'
}

const pad = (value: number) => String(value).padStart(2, '0')

/** For <input type="datetime-local">, in the browser's own time zone. */
export function localMoment(value: string | number | Date): string {
  const d = new Date(value)
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${pad(d.getHours())}:${pad(d.getMinutes())}`
}

export function toInput(schema: FieldSchema, value: unknown): Input {
  const given = value === undefined ? schema.default : value
  switch (kindOf(schema)) {
    case 'switch':
      return given === true
    case 'list':
      // Where null means "all", an empty list means "none" and must stay one.
      return !Array.isArray(given) ? '' : given.length || !isNullable(schema) ? given.join('\n') : []
    case 'raw':
      return Array.isArray(given) ? given : []
    case 'moment':
      return typeof given === 'string' && given ? localMoment(given) : ''
    case 'select':
      return typeof given === 'string' ? given : ((schema.enum ?? [])[0] ?? '')
    default:
      return given === undefined || given === null ? '' : String(given)
  }
}

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean)

/** What goes into the body; undefined: leave it out. */
export function toValue(schema: FieldSchema, input: Input | undefined): unknown {
  if (input === undefined) return undefined
  if (typeof input !== 'string') return input
  const nothing = isNullable(schema) ? null : undefined
  switch (kindOf(schema)) {
    case 'list': {
      const list = words(input)
      return list.length || !isNullable(schema) ? list : null
    }
    case 'number':
      return input.trim() === '' ? nothing : Number.isFinite(Number(input)) ? Number(input) : input
    case 'moment':
      return input ? new Date(input).toISOString() : nothing
    default: {
      const text = input.trim()
      return text === '' ? nothing : text
    }
  }
}

export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** A body that creates: what is empty is left out, and so is null where the field may be missing. */
export function creation(schema: FormSchema, inputs: Inputs): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(schema.properties)) {
    const value = toValue(field, inputs[name])
    const empty = value === undefined || value === null || (Array.isArray(value) && !value.length && !schema.required.includes(name))
    if (!empty) body[name] = value
  }
  return body
}

/** A merge patch (RFC 7396) of what differs from `original`; a cleared field is null, or "" where null is no value. */
export function patch(schema: FormSchema, inputs: Inputs, original: Record<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(schema.properties)) {
    if (!(name in inputs)) continue
    if (inputs[name] === toInput(field, original[name])) continue
    const value = toValue(field, inputs[name]) ?? (isNullable(field) ? null : '')
    if (!same(value, original[name])) body[name] = value
  }
  return body
}

/** After a conflict: every field that I changed, or that changed under me. */
export interface Disagreement {
  name: string
  mine: unknown
  theirs: unknown
  was: unknown
  /** Both sides changed it, and not to the same. */
  clash: boolean
}
export function disagreements(mine: Record<string, unknown>, was: Record<string, unknown>, theirs: Record<string, unknown>, names: string[]): Disagreement[] {
  return names
    .map((name) => ({ name, mine: name in mine ? mine[name] : was[name], theirs: theirs[name], was: was[name] }))
    .filter((d) => !same(d.mine, d.was) || !same(d.theirs, d.was))
    .map((d) => ({ ...d, clash: !same(d.mine, d.was) && !same(d.theirs, d.was) && !same(d.mine, d.theirs) }))
}
