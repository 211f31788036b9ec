// A page's list of things, whole: the list, its empty state, a drawer to make one and to change one, removing with a way
// back, one by one or many. A page says what its things are called, which fields they have and how a row looks; paths,
// limits and types are the API's.
import { useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { changeAt, changeSet, scopeOf, type Done } from '@/api/change'
import type { Schemas } from '@/api/client'
import { list, useList, type Item, type ListPath } from '@/api/query'
import { t, tOr, tn } from '@/i18n'
import { History } from '@/services/changes/history'
import { useGo, usePlace } from '@/services/place'
import { usePress } from './commit'
import { Drawer } from './dialog'
import type { FieldSpec } from './field'
import { ChangeForm } from './form'
import type { FormName, Inputs } from './form-values'
import { List, type Column } from './list'
import { Empty, Loaded, useBlocked } from './page'
import { Button, Card } from './ui'

type Command = Schemas['Command']
type Thing = Record<string, unknown> & { id: string; version?: number }

export interface CollectionSpec<P extends ListPath> {
  path: P
  /** By which one is called in its own path, where that is not the id; and how one is changed there. */
  key?: 'name'
  method?: 'put'
  /** The prefix of its words: <words>.title, .add, .none, .none.text, and one for every field. */
  words: string
  icon: LucideIcon
  /** What the streams of its events begin with; the rest is the id, or the key. */
  stream: string
  name: (item: Item<P>) => string
  text?: (item: Item<P>) => string
  columns: Column<Item<P>>[]
  /** The body that makes one, and its fields. */
  make: FormName
  fields: FieldSpec[]
  start?: Record<string, unknown>
  /** The body that changes one; left out where one can only be made and removed. */
  patch?: FormName
  changeFields?: FieldSpec[]
  /** The command that removes one, for removing many at once. */
  remove?: string
  body?: (body: Record<string, unknown>, inputs: Inputs) => Record<string, unknown>
  /** More about one, below its form. */
  more?: (item: Item<P>) => ReactNode
  /** What to do with a new one besides showing it in the list, such as showing what is shown once. */
  onMade?: (done: Done) => void
  canUndo?: boolean
  careful?: boolean | undefined
}

const one = (spec: { path: string; key?: string }) => `${spec.path}/{${spec.key ?? 'id'}}`
const keyOf = (spec: { key?: 'name' }, thing: Thing) => ({ [spec.key ?? 'id']: String(thing[spec.key ?? 'id']) })

function ItemDrawer<P extends ListPath>({ spec, item, isNew, onClose }: { spec: CollectionSpec<P>; item: Item<P> | undefined; isNew: boolean; onClose: () => void }) {
  const method = spec.method ?? 'patch'
  const blocked = useBlocked(isNew ? 'post' : spec.patch ? method : 'delete', isNew ? spec.path : one(spec))
  const cannotRemove = useBlocked('delete', one(spec)) !== undefined || scopeOf('delete', one(spec)) === undefined
  const queries = useQueryClient()
  const { press, busy } = usePress()
  if (!isNew && !item) {
    return (
      <Drawer title={t('collection.gone')} onClose={onClose}>
        <Empty title={t('collection.gone.text')} />
      </Drawer>
    )
  }
  const thing = item as Thing | undefined
  const name = (of: unknown) => spec.name(of as Item<P>)
  const remove = async () => {
    const done = await press(changeAt('delete', one(spec), { params: keyOf(spec, thing!), version: thing!.version }), { title: t('collection.removed', { name: name(item) }), undo: spec.canUndo !== false })
    if (done) onClose()
  }
  const schema = isNew ? spec.make : spec.patch
  return (
    <Drawer title={isNew ? tOr(`${spec.words}.add`, t('collection.add')) : name(item)} onClose={onClose}>
      <div className="flex flex-col gap-6">
        {schema && (
          <ChangeForm
            schema={schema}
            words={spec.words}
            draft={`${spec.words}.${thing?.id ?? 'new'}`}
            fields={isNew ? spec.fields : (spec.changeFields ?? spec.fields)}
            {...(spec.start && { start: spec.start })}
            original={thing}
            blocked={blocked}
            careful={spec.careful}
            undo={spec.canUndo !== false}
            make={(body, inputs) => {
              const sent = spec.body ? spec.body(body, inputs) : body
              return isNew ? changeAt('post', spec.path, { body: sent }) : changeAt(method, one(spec), { params: keyOf(spec, thing!), body: sent })
            }}
            current={async () => ((await queries.fetchQuery({ ...list(spec.path), staleTime: 0 })) as unknown as Thing[]).find(({ id }) => id === thing?.id) ?? thing!}
            said={(done) => t(isNew ? 'collection.added' : 'collection.changed', { name: name(done.resource) })}
            submit={isNew ? t('collection.add') : t('save')}
            onDone={(done) => {
              onClose()
              if (isNew) spec.onMade?.(done)
            }}
          />
        )}
        {!isNew && spec.more?.(item!)}
        {!isNew && <History stream={spec.stream + Object.values(keyOf(spec, thing!))[0]} name={name(item)} />}
        {!isNew && !cannotRemove && (
          <div className="flex flex-col items-start gap-2 border-t border-line pt-5">
            <p className="text-sm text-soft empty:hidden">{tOr(`${spec.words}.remove.text`, '')}</p>
            <Button look="danger" icon={Trash2} busy={busy} onClick={() => void remove()}>
              {tOr(`${spec.words}.remove`, t('remove'))}
            </Button>
          </div>
        )}
      </div>
    </Drawer>
  )
}

const newOf = (spec: { words: string }) => `new-${spec.words}`

export function AddButton({ spec }: { spec: { path: string; words: string } }) {
  const go = useGo()
  const blocked = useBlocked('post', spec.path)
  return (
    <Button look="primary" icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: newOf(spec) })}>
      {tOr(`${spec.words}.add`, t('collection.add'))}
    </Button>
  )
}

/** The drawer that the address asks for, if it does: for a new one, for one of these, or for one that is not here. */
export function CollectionDrawer<P extends ListPath>({ spec, items }: { spec: CollectionSpec<P>; items: Item<P>[] }) {
  const { open } = usePlace()
  const go = useGo()
  if (!open) return null
  const isNew = open === newOf(spec)
  const item = items.find((one) => (one as unknown as Thing).id === open)
  if (!isNew && !item && !/^[0-9a-f-]{36}$/.test(open)) return null
  return <ItemDrawer key={open} spec={spec} isNew={isNew} item={item} onClose={() => go({ open: undefined })} />
}

export function Collection<P extends ListPath>({ spec }: { spec: CollectionSpec<P> }) {
  const query = useList(spec.path)
  const go = useGo()
  const blocked = useBlocked('post', spec.path)
  const { press, busy } = usePress()
  const title = tOr(`${spec.words}.title`, spec.words)
  const add = <AddButton spec={spec} />
  const id = (item: Item<P>) => (item as unknown as Thing).id
  return (
    <Loaded query={query}>
      {(items) => (
        <>
          <Card flush title={title} action={items.length ? add : undefined}>
            <List
              label={title}
              items={items}
              columns={spec.columns}
              id={id}
              name={spec.name}
              text={spec.text ?? spec.name}
              onOpen={(item) => go({ open: id(item) })}
              bulk={
                blocked || !spec.remove
                  ? undefined
                  : (chosen, clear) => (
                      <Button
                        small
                        look="danger"
                        icon={Trash2}
                        busy={busy}
                        onClick={() =>
                          void press(changeSet(chosen.map((item) => ({ type: spec.remove!, data: keyOf(spec, item as unknown as Thing) }) as Command)), { title: tn('collection.removed_many', chosen.length), undo: spec.canUndo !== false }).then(
                            (done) => done && clear(),
                          )
                        }
                      >
                        {t('remove')}
                      </Button>
                    )
              }
              empty={
                <Empty icon={spec.icon} title={tOr(`${spec.words}.none`, title)} action={add}>
                  {tOr(`${spec.words}.none.text`, '')}
                </Empty>
              }
            />
          </Card>
          <CollectionDrawer spec={spec} items={items} />
        </>
      )}
    </Loaded>
  )
}
