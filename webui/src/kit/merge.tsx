// Two versions of a whole file beside each other, by CodeMirror. It lives in a shadow root, because there it takes its
// style sheet as an object and not as an element, which our Content-Security-Policy would refuse.
import { MergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--ink)', fontSize: '12px' },
  '.cm-content': { fontFamily: 'ui-monospace, "DejaVu Sans Mono", Consolas, monospace' },
  '.cm-gutters': { backgroundColor: 'var(--raised)', color: 'var(--ink-soft)', borderRight: '1px solid var(--line)' },
  '&.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--bad-soft)' },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--good-soft)' },
  '.cm-changedText': { background: 'none !important', textDecoration: 'none', fontWeight: '700' },
  '.cm-collapsedLines': { background: 'var(--sunken)', color: 'var(--ink-soft)' },
})

export default function Merge({ before, after, label }: { before: string; after: string; label: string }) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    const extensions = [lineNumbers(), EditorView.lineWrapping, EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }), look]
    const view = new MergeView({
      a: { doc: before, extensions },
      b: { doc: after, extensions },
      parent: root,
      root,
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    })
    return () => view.destroy()
  }, [before, after, label])
  return <div ref={host} className="overflow-hidden rounded-lg border border-line" />
}
