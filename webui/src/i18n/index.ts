// Words live in <language>.json beside this file and nowhere else; a second language is a second file, found by itself.
// A key that a language lacks is taken from English. Counts: `key_one`, `key_other` and what else Intl.PluralRules wants.
import english from './en.json'

export type Key = keyof typeof english
type Values = Record<string, string | number>
type Words = Record<string, string>

const others = import.meta.glob<{ default: Words }>(['./*.json', '!./en.json'])

export const languages = ['en', ...Object.keys(others).map((file) => file.slice(2, -5))].sort()

let language = 'en'
let words: Words = english
let plurals = new Intl.PluralRules('en')

export const currentLanguage = () => language

function stored(): string | null {
  try {
    return localStorage.getItem('pic.language')
  } catch {
    return null
  }
}

/** Takes the chosen language, or the first of the browser's that there is. Before the first render. */
export async function loadLanguage(): Promise<void> {
  const wanted = [stored(), ...navigator.languages.flatMap((tag) => [tag, tag.split('-')[0]!])]
  const found = wanted.find((tag) => tag && languages.includes(tag)) ?? 'en'
  if (found !== 'en') words = { ...english, ...(await others[`./${found}.json`]!()).default }
  language = found
  plurals = new Intl.PluralRules(found)
  document.documentElement.lang = found
}

export function chooseLanguage(tag: string): void {
  localStorage.setItem('pic.language', tag)
  location.reload()
}

export function fill(text: string, values?: Values): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole)) : text
}

export const has = (key: string): key is Key => key in words

/** The words of a key known when the page was written. */
export const t = (key: Key, values?: Values): string => fill(words[key] ?? key, values)

/** The words of a key that is put together, such as a field's; `otherwise` where there are none. */
export const tOr = (key: string, otherwise: string, values?: Values): string => fill(words[key] ?? otherwise, values)

/** The words for so many. */
export function tn(key: string, count: number, values?: Values): string {
  const text = words[`${key}_${plurals.select(count)}`] ?? words[`${key}_other`] ?? key
  return fill(text, { count: number(count), ...values })
}

/** Making a formatter costs a thousand times what formatting does, so each is made once. */
const made = new Map<string, unknown>()
function once<T>(key: string, make: () => T): T {
  const found = `${language} ${key}`
  if (!made.has(found)) made.set(found, make())
  return made.get(found) as T
}

export const number = (value: number) => once('number', () => new Intl.NumberFormat(language)).format(value)

const date = (value: string | number | Date, style: Intl.DateTimeFormatOptions) => once(JSON.stringify(style), () => new Intl.DateTimeFormat(language, style)).format(new Date(value))
export const dateTime = (value: string | number | Date) => date(value, { dateStyle: 'medium', timeStyle: 'medium' })
export const dayOfMonth = (value: string | number | Date) => date(value, { day: 'numeric', month: 'short' })
export const day = (value: string | number | Date) => date(value, { dateStyle: 'medium' })
/** To the second; another day's with its date. */
export const timeOfDay = (value: string | number | Date, now = new Date()) => date(value, new Date(value).toDateString() === now.toDateString() ? { timeStyle: 'medium' } : { dateStyle: 'short', timeStyle: 'medium' })
export const clock = (value: string | number | Date) => date(value, { timeStyle: 'short' })

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** "3 minutes ago", "in 2 days". */
export function relative(value: string | number | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(value).getTime() - now) / 1000)
  const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return once('relative', () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' })).format(Math.trunc(seconds / size), unit)
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1)
  return once(`bytes ${step}`, () => new Intl.NumberFormat(language, { style: 'unit', unit: units[step], maximumFractionDigits: step ? 1 : 0 })).format(value / 1000 ** step)
}
