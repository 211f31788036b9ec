// A list whose order matters: dragged by its handle, or taken up with Space, moved with the arrows and put down with Space,
// each step said aloud. The new order is shown at once; where the cell refuses it, the old one comes back and says why.
import { DndContext, KeyboardSensor, PointerSensor, closestCenter, useSensor, useSensors, type Announcements, type DragEndEvent, type UniqueIdentifier } from '@dnd-kit/core'
import { SortableContext, arrayMove, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable'
import { CSS } from '@dnd-kit/utilities'
import { GripVertical } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { t } from '@/i18n'
import { cx } from './ui'

interface Props<T> {
  label: string
  items: T[]
  id: (item: T) => string
  name: (item: T) => string
  /** Resolves once it is so; what it rejects with has been told already. */
  onMove: (item: T, to: number) => Promise<unknown>
  disabled?: boolean
  children: (item: T, at: number) => ReactNode
}

function Row({ id, name, disabled, children }: { id: string; name: string; disabled: boolean; children: ReactNode }) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id, disabled })
  return (
    <li
      ref={setNodeRef}
      data-order={id}
      className={cx('flex items-stretch gap-1 border-b border-line bg-surface last:border-0', isDragging && 'relative z-10 rounded-lg shadow-high')}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <button
        type="button"
        ref={setActivatorNodeRef}
        {...attributes}
        {...listeners}
        disabled={disabled}
        aria-label={t('order.move', { name })}
        className="flex w-9 shrink-0 cursor-grab touch-none items-center justify-center text-soft hover:text-ink disabled:cursor-default disabled:opacity-40 sm:w-10"
      >
        <GripVertical aria-hidden className="size-4" />
      </button>
      <div className="min-w-0 flex-1">{children}</div>
    </li>
  )
}

const nearest = 4

export function Order<T>({ label, items, id, name, onMove, disabled = false, children }: Props<T>) {
  const [wanted, setWanted] = useState<string[] | null>(null)
  const ids = items.map(id)
  // What the cell says is the order, as soon as it has said so.
  const known = ids.join(' ')
  useEffect(() => setWanted(null), [known])
  const shown = wanted && wanted.length === ids.length && wanted.every((one) => ids.includes(one)) ? wanted.map((one) => items.find((item) => id(item) === one)!) : items
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: nearest } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }))

  const place = (of: UniqueIdentifier) => {
    const at = shown.findIndex((item) => id(item) === of)
    return { name: at < 0 ? '' : name(shown[at]!), place: at + 1, of: shown.length }
  }
  const there = (active: UniqueIdentifier, over: UniqueIdentifier | undefined) => ({ ...place(active), place: place(over ?? active).place })
  const announcements: Announcements = {
    onDragStart: ({ active }) => t('order.taken', place(active.id)),
    onDragOver: ({ active, over }) => t('order.over', there(active.id, over?.id)),
    onDragEnd: ({ active, over }) => t('order.put', there(active.id, over?.id)),
    onDragCancel: ({ active }) => t('order.back', place(active.id)),
  }
  const end = ({ active, over }: DragEndEvent) => {
    const from = shown.findIndex((item) => id(item) === active.id)
    const to = shown.findIndex((item) => id(item) === over?.id)
    if (from < 0 || to < 0 || from === to) return
    setWanted(arrayMove(shown.map(id), from, to))
    onMove(shown[from]!, to).catch(() => setWanted(null))
  }
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={end} accessibility={{ announcements, screenReaderInstructions: { draggable: t('order.how') } }}>
      <SortableContext items={shown.map(id)} strategy={verticalListSortingStrategy}>
        <ol aria-label={label}>
          {shown.map((item, at) => (
            <Row key={id(item)} id={id(item)} name={name(item)} disabled={disabled}>
              {children(item, at)}
            </Row>
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  )
}
