import { describe, expect, it } from 'vitest'
import { asProblem, byField, pointerParts, problemOf } from './problem'

const problem = problemOf(422, { title: 'Invalid input', detail: '', code: 'invalid_field', errors: [{ pointer: '/name', detail: 'is missing' }, { pointer: '/forwards/1/domain', detail: 'is no name' }, { pointer: '/data/odd~1one', detail: 'is odd' }] })

describe('a problem', () => {
  it('puts each objection on its field', () => {
    expect(byField(problem, ['name', 'forwards'])).toEqual({ fields: { name: 'is missing', forwards: '2: is no name' }, rest: ['/data/odd~1one: is odd'] })
  })
  it('finds a field below other parts of a pointer', () => {
    expect(byField(problemOf(422, { errors: [{ pointer: '/commands/0/data/name', detail: 'is taken' }] }), ['name']).fields).toEqual({ name: 'is taken' })
  })
  it('reads pointers as RFC 6901 says', () => {
    expect(pointerParts('/a~1b/m~0n/0')).toEqual(['a/b', 'm~n', '0'])
  })
  it('survives an answer that is none', () => {
    expect(problemOf(500, '<html>').status).toBe(500)
    expect(problemOf(500, null).errors).toEqual([])
  })
  it('calls a daemon that does not answer offline', () => {
    expect(asProblem(new TypeError('Failed to fetch')).offline).toBe(true)
    expect(asProblem(problem)).toBe(problem)
  })
})
