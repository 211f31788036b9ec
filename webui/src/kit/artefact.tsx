// A rendered file as it is now, or was then. Secrets are references in it.
import { useQuery } from '@tanstack/react-query'
import { raw } from '@/api/client'
import type { Problem } from '@/api/problem'
import { useAt } from '@/api/time'
import { Loaded } from './page'

export function ArtefactText({ service, path }: { service: string; path: string }) {
  const at = useAt()
  const query = useQuery<string, Problem>({
    queryKey: ['/artefacts/text', service, path, at ?? 'now'],
    queryFn: async () => (await raw(`/artefacts/${service}/${path.split('/').map(encodeURIComponent).join('/')}${at ? `?at=${at}` : ''}`)).text(),
    placeholderData: (before) => before,
  })
  return (
    <Loaded query={query}>
      {(text) => (
        <pre tabIndex={0} aria-label={path} className="max-h-96 overflow-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs leading-5">
          {text}
        </pre>
      )}
    </Loaded>
  )
}
