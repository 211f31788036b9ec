// A file looked at without leaving the page: pictures and short texts; what else there is, is downloaded. Nothing in it runs:
// it comes as bytes, and is shown as a picture or as text.
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useEffect, useState } from 'react'
import { asProblem } from '@/api/problem'
import { bytes, dateTime, t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { Drawer } from '@/kit/dialog'
import { Failed } from '@/kit/page'
import { Button, Facts, Spinner } from '@/kit/ui'
import { downloadEntry, readEntry, type Entry } from './dav'

const picture_types = /^image\/(png|jpe?g|gif|webp|avif|bmp|svg\+xml)$/
const text_types = /^text\/|^application\/(json|xml|x-sh|javascript|yaml)|\+(json|xml)$/
const most_picture_bytes = 30_000_000
const most_text_bytes = 300_000

const kindOf = ({ type, size }: Entry) => (picture_types.test(type) && size <= most_picture_bytes ? 'picture' : text_types.test(type) && size <= most_text_bytes ? 'text' : null)

function Picture({ blob, name }: { blob: Blob; name: string }) {
  const [url, setUrl] = useState('')
  useEffect(() => {
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return url ? <img src={url} alt={name} className="max-h-[60dvh] max-w-full self-center rounded-lg" /> : null
}

function Text({ blob, name }: { blob: Blob; name: string }) {
  const text = useQuery({ queryKey: ['blob', name, blob.size], queryFn: () => blob.text() }).data
  return (
    <pre tabIndex={0} aria-label={name} className="max-h-[60dvh] overflow-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs whitespace-pre-wrap">
      {text}
    </pre>
  )
}

export async function save(space: string, entry: Entry) {
  try {
    await downloadEntry(space, entry)
  } catch (error) {
    tellProblem(asProblem(error))
  }
}

export function Preview({ space, entry, onClose }: { space: string; entry: Entry; onClose: () => void }) {
  const kind = kindOf(entry)
  const query = useQuery({ queryKey: ['dav', space, entry.path, entry.changed, 'blob'], queryFn: () => readEntry(space, entry.path), enabled: kind !== null, gcTime: 0 })
  return (
    <Drawer title={entry.name} onClose={onClose}>
      <div className="flex flex-col gap-5">
        {kind && query.isPending && <Spinner />}
        {query.error && <Failed problem={asProblem(query.error)} retry={() => void query.refetch()} />}
        {query.data && (kind === 'picture' ? <Picture blob={query.data} name={entry.name} /> : <Text blob={query.data} name={entry.name} />)}
        <Facts rows={[[t('files.size'), bytes(entry.size)], entry.changed !== null && [t('files.changed'), dateTime(entry.changed)], !!entry.type && [t('files.type'), entry.type]]} />
        <div>
          <Button look="primary" icon={Download} onClick={() => void save(space, entry)}>
            {t('files.download')}
          </Button>
        </div>
      </div>
    </Drawer>
  )
}
