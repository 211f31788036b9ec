import { describe, expect, it } from 'vitest'
import { join, parentOf, problemFor } from './dav'
import { beside } from './uploads'

describe('paths', () => {
  it('are joined without doubled slashes', () => {
    expect(join('ada', '', '/a/', 'b c')).toBe('ada/a/b c')
    expect(parentOf('a/b/c')).toBe('a/b')
    expect(parentOf('a')).toBe('')
  })
  it('find a name beside one that is taken', () => {
    expect(['photo.jpg', 'photo (2).jpg', 'a.b/notes', 'a/.profile', 'x (1)y.tar.gz'].map(beside)).toEqual(['photo (2).jpg', 'photo (3).jpg', 'a.b/notes (2)', 'a/.profile (2)', 'x (1)y.tar (2).gz'])
  })
})

it('tells the daemon\'s refusal from that of the files service', () => {
  expect(problemFor(401, false, '{"code":"unauthenticated","title":"Sign in"}').code).toBe('unauthenticated')
  expect(problemFor(403, true, '<html>').code).toBe('files_forbidden')
  expect(problemFor(502, false, '<html>').status).toBe(502)
})
