// Makes src/api/gen/ out of schema/openapi.yaml, so that no type and no limit is ever written twice: schema.ts holds
// the types of every call, forms.json what a form needs to know of each request body (what must be there, how long it
// may be, which values there are). Nothing in gen/ is committed; it is made before every build.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import openapiTypescript, { astToString } from 'openapi-typescript'
import { parse } from 'yaml'

const here = new URL('.', import.meta.url)
const source = new URL('../../schema/openapi.yaml', here)
const target = new URL('../src/api/gen/', here)

const document = parse(await readFile(source, 'utf8'))
await mkdir(target, { recursive: true })

// A run without a change touches nothing, so the dev server stays quiet.
async function put(name, text) {
  const file = new URL(name, target)
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== text) await writeFile(file, text)
}

await put('schema.ts', astToString(await openapiTypescript(source, { defaultNonNullable: false })))

const kept = ['type', 'enum', 'const', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'format', 'default']
function slim(schema) {
  if (!schema || typeof schema !== 'object') return {}
  const out = {}
  for (const key of kept) if (key in schema) out[key] = schema[key]
  if (schema.items) out.items = schema.items.$ref ? { ref: schema.items.$ref.split('/').pop() } : slim(schema.items)
  return out
}

const bodies = new Set()
for (const calls of Object.values(document.paths)) {
  for (const call of Object.values(calls)) {
    for (const media of Object.values(call.requestBody?.content ?? {})) {
      const name = media.schema?.$ref?.split('/').pop()
      if (name) bodies.add(name)
    }
  }
}
for (const name of ['DnsForward']) if (document.components.schemas[name]) bodies.add(name)
const forms = {}
for (const name of [...bodies].sort()) {
  const schema = document.components.schemas[name]
  if (!schema?.properties || name === 'ChangeSet') continue
  forms[name] = {
    required: schema.required ?? [],
    properties: Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, slim(value)])),
  }
}
await put('forms.json', JSON.stringify(forms) + '\n')

// Which calls there are and the right each needs: a page whose calls are not there is not in the navigation.
const calls = {}
for (const [path, methods] of Object.entries(document.paths)) {
  for (const [method, call] of Object.entries(methods)) {
    if (typeof call !== 'object' || !('operationId' in call) || call['x-not-built']) continue
    calls[`${method} ${path}`] = call['x-scope']
  }
}
await put('calls.json', JSON.stringify(calls) + '\n')

// What everybody may do with what is their own, whatever their role.
const own = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, call]) => (call?.['x-own'] ? [`${method} ${path}`] : [])))
await put('own.json', JSON.stringify(own) + '\n')
