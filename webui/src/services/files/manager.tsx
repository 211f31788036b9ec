// The file manager: a member's own space. What is thrown away goes to the space's trash, so that it can be undone as
// everything here can.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronRight, Download, File as FileIcon, FileImage, FileText, Folder, FolderInput, FolderOpen, FolderPlus, Lock, PencilLine, Trash2, Upload } from 'lucide-react'
import { useEffect, useState, type DragEvent } from 'react'
import { asProblem, type Problem } from '@/api/problem'
import { useSession } from '@/api/session'
import { bytes, relative, t, tn } from '@/i18n'
import { List } from '@/kit/list'
import { Menu } from '@/kit/menu'
import { Empty, Failed, Loaded, Skeleton } from '@/kit/page'
import { toast } from '@/kit/toast'
import { Button, Card, cx } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'
import { entries, join, makeFolder, moveEntry, parentOf, removeEntry, type Entry } from './dav'
import { NameDialog, PlaceDialog, said } from './dialogs'
import { Preview, save } from './preview'
import { Progress } from './progress'
import { add, onUploaded } from './uploads'

export const trash = '.trash'

const iconOf = ({ folder, type }: Entry) => (folder ? Folder : type.startsWith('image/') ? FileImage : type.startsWith('text/') ? FileText : FileIcon)

function Way({ path, onGo }: { path: string; onGo: (path: string) => void }) {
  const parts = path.split('/').filter(Boolean)
  return (
    <nav aria-label={t('files.way')} className="min-w-0">
      <ol className="flex flex-wrap items-center gap-0.5 text-[0.9375rem]">
        {['', ...parts].map((part, at) => {
          const to = parts.slice(0, at).join('/')
          const last = at === parts.length
          const words = at === 0 ? t('files.top') : part === trash ? t('files.trash') : part
          return (
            <li key={to} className="flex min-w-0 items-center gap-0.5">
              {at > 0 && <ChevronRight aria-hidden className="size-4 shrink-0 text-soft" />}
              {last ? (
                <span aria-current="page" className="truncate px-1.5 font-semibold">
                  {words}
                </span>
              ) : (
                <button type="button" className="truncate rounded-md px-1.5 py-1 text-soft hover:bg-sunken hover:text-ink" onClick={() => onGo(to)}>
                  {words}
                </button>
              )}
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

type Asked = { what: 'folder' } | { what: 'rename'; entry: Entry } | { what: 'move'; chosen: Entry[]; then?: () => void } | { what: 'look'; entry: Entry }

function Space({ username }: { username: string }) {
  const { q: folder = '' } = usePlace()
  const go = useGo()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<Asked | null>(null)
  const [over, setOver] = useState(false)
  const [busy, setBusy] = useState(false)
  const query = useQuery<Entry[], Problem>({ queryKey: ['dav', username, folder], queryFn: ({ signal }) => entries(username, folder, signal), staleTime: 0, refetchOnWindowFocus: true, retry: false })
  const inTrash = folder === trash || folder.startsWith(`${trash}/`)
  const refresh = () => queries.invalidateQueries({ queryKey: ['dav', username] })
  useEffect(() => onUploaded(() => void queries.invalidateQueries({ queryKey: ['dav', username] })), [queries, username])

  const told = async (work: () => Promise<void>) => {
    setBusy(true)
    try {
      await work()
    } catch (error) {
      toast({ tone: 'bad', title: said(asProblem(error)), stays: true })
    } finally {
      setBusy(false)
      void refresh()
    }
  }
  const back = (moves: [from: Entry, to: string][]) => () =>
    void told(async () => {
      for (const [entry, to] of moves) await moveEntry(username, { ...entry, path: to }, entry.path)
      toast({ tone: 'good', title: t('undone') })
    })
  const throwAway = (chosen: Entry[]) =>
    told(async () => {
      const moves: [Entry, string][] = []
      if (inTrash) for (const entry of chosen) await removeEntry(username, entry)
      else {
        await makeFolder(username, trash).catch((error) => {
          if (asProblem(error).code !== 'files_exists') throw error
        })
        for (const entry of chosen) {
          const to = join(trash, `${Date.now().toString(36)} ${entry.name}`)
          await moveEntry(username, entry, to)
          moves.push([entry, to])
        }
      }
      const words = chosen.length === 1 ? t(inTrash ? 'files.deleted' : 'files.thrown', { name: chosen[0]!.name }) : tn(inTrash ? 'files.deleted_many' : 'files.thrown_many', chosen.length)
      toast({ tone: 'good', title: words, ...(moves.length && { undo: back(moves) }) })
    })
  const moveTo = async (chosen: Entry[], place: string) => {
    const moves: [Entry, string][] = []
    try {
      for (const entry of chosen) {
        const to = join(place, entry.name)
        await moveEntry(username, entry, to)
        moves.push([entry, to])
      }
    } finally {
      void refresh()
      if (moves.length) toast({ tone: 'good', title: tn('files.moved', moves.length), undo: back(moves) })
    }
  }
  const dropped = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    if (!inTrash && event.dataTransfer.files.length) add(username, folder, event.dataTransfer.files)
  }
  const goTo = (path: string) => go({ q: path || undefined })
  const remove = t(inTrash ? 'files.delete' : 'files.throw')

  return (
    <div className="flex flex-col gap-5">
      <Progress />
      <div
        data-drop
        onDragOver={(event) => {
          event.preventDefault()
          setOver(!inTrash)
        }}
        onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
        onDrop={dropped}
        className={cx('rounded-2xl', over && 'outline-2 outline-offset-2 outline-accent outline-dashed')}
      >
        <Card flush>
          <header className="flex min-h-13 flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-3 py-2 sm:px-4">
            <Way path={folder} onGo={goTo} />
            <div className="flex flex-wrap items-center gap-2">
              {!inTrash && (
                <>
                  <Button small look="quiet" icon={Trash2} onClick={() => goTo(trash)}>
                    {t('files.trash')}
                  </Button>
                  <Button small icon={FolderPlus} onClick={() => setAsked({ what: 'folder' })}>
                    {t('files.new_folder')}
                  </Button>
                  <label className="relative inline-flex min-h-8 items-center gap-2 rounded-lg bg-accent px-2.5 text-[0.8125rem] font-medium text-accent-ink focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent hover:brightness-110">
                    <Upload aria-hidden className="size-4" /> {t('files.upload')}
                    <input
                      type="file"
                      multiple
                      className="absolute inset-0 size-full opacity-0"
                      onChange={(event) => {
                        add(username, folder, event.target.files ?? [])
                        event.target.value = ''
                      }}
                    />
                  </label>
                </>
              )}
            </div>
          </header>
          {query.error && !query.data ? (
            query.error.code === 'files_gone' && folder === trash ? (
              <Empty icon={Trash2} title={t('files.trash.empty')} />
            ) : query.error.code === 'files_forbidden' && !folder ? (
              <Empty icon={Lock} title={t('files.none')}>
                {t('files.none.text')}
              </Empty>
            ) : query.error.offline || query.error.code === 'files_unreachable' ? (
              <Failed problem={query.error} retry={() => void query.refetch()} />
            ) : (
              <Empty icon={FolderOpen} title={said(query.error)} action={<Button onClick={() => goTo('')}>{t('files.to_top')}</Button>} />
            )
          ) : (
            <Loaded query={query}>
              {(all) => (
                <List
                  label={t('files.list')}
                  items={all.filter(({ path }) => path !== trash)}
                  id={({ path }) => path}
                  name={({ name }) => name}
                  onOpen={(entry) => (entry.folder ? goTo(entry.path) : setAsked({ what: 'look', entry }))}
                  bulk={(chosen, clear) => (
                    <>
                      <Button small icon={FolderInput} onClick={() => setAsked({ what: 'move', chosen, then: clear })}>
                        {t('files.move')}
                      </Button>
                      <Button small look="danger" icon={Trash2} busy={busy} onClick={() => void throwAway(chosen).then(clear)}>
                        {remove}
                      </Button>
                    </>
                  )}
                  columns={[
                    {
                      key: 'name',
                      title: t('files.name'),
                      width: '3fr',
                      sort: ({ name }) => name,
                      cell: (entry) => {
                        const Icon = iconOf(entry)
                        return (
                          <span className="flex items-center gap-2.5">
                            <Icon aria-hidden className={cx('size-5 shrink-0', entry.folder ? 'text-accent-text' : 'text-soft')} />
                            <span className="min-w-0 break-words">{inTrash ? entry.name.replace(/^\w+ /, '') : entry.name}</span>
                          </span>
                        )
                      },
                    },
                    { key: 'size', title: t('files.size'), width: '7rem', wide: true, sort: ({ size }) => size, cell: ({ size, folder: is }) => <span className="text-soft tabular-nums">{is ? '–' : bytes(size)}</span> },
                    { key: 'changed', title: t('files.changed'), width: '10rem', wide: true, sort: ({ changed }) => changed ?? 0, cell: ({ changed }) => <span className="text-soft">{changed === null ? '–' : relative(changed)}</span> },
                    {
                      key: 'menu',
                      title: t('files.more'),
                      width: '3rem',
                      end: true,
                      cell: (entry) => (
                        <Menu
                          label={t('files.more_for', { name: entry.name })}
                          items={[
                            !entry.folder && { label: t('files.download'), icon: Download, onPick: () => void save(username, entry) },
                            { label: t('files.rename'), icon: PencilLine, onPick: () => setAsked({ what: 'rename', entry }) },
                            { label: t('files.move'), icon: FolderInput, onPick: () => setAsked({ what: 'move', chosen: [entry] }) },
                            { label: remove, icon: Trash2, danger: true, onPick: () => void throwAway([entry]) },
                          ]}
                        />
                      ),
                    },
                  ]}
                  empty={
                    <Empty icon={inTrash ? Trash2 : FolderOpen} title={t(inTrash ? 'files.trash.empty' : 'files.empty')}>
                      {!inTrash && t('files.empty.text')}
                    </Empty>
                  }
                />
              )}
            </Loaded>
          )}
        </Card>
      </div>
      {asked?.what === 'folder' && (
        <NameDialog
          title={t('files.new_folder')}
          submit={t('files.make')}
          onClose={() => setAsked(null)}
          onName={async (name) => {
            await makeFolder(username, join(folder, name))
            await refresh()
          }}
        />
      )}
      {asked?.what === 'rename' && (
        <NameDialog
          title={t('files.rename')}
          start={asked.entry.name}
          submit={t('save')}
          onClose={() => setAsked(null)}
          onName={async (name) => {
            const { entry } = asked
            if (name === entry.name) return
            const to = join(parentOf(entry.path), name)
            await moveEntry(username, entry, to)
            toast({ tone: 'good', title: t('files.renamed', { name }), undo: back([[entry, to]]) })
            await refresh()
          }}
        />
      )}
      {asked?.what === 'move' && (
        <PlaceDialog
          space={username}
          start={folder}
          not={[trash, ...asked.chosen.map(({ path }) => path)]}
          onClose={() => setAsked(null)}
          onPlace={async (place) => {
            await moveTo(asked.chosen, place)
            asked.then?.()
          }}
        />
      )}
      {asked?.what === 'look' && <Preview space={username} entry={asked.entry} onClose={() => setAsked(null)} />}
    </div>
  )
}

export function Manager() {
  const username = useSession()?.username
  return username ? <Space key={username} username={username} /> : <Skeleton />
}
