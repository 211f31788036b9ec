// A menu behind a button: Radix brings the keys and the roles. It is a big part for a small thing, so whoever is in the
// first load fetches it when it is first opened (`open`: the press that asked for it was the first).
import * as Radix from '@radix-ui/react-dropdown-menu'
import { MoreHorizontal, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton, cx } from './ui'

export interface MenuItem {
  label: string
  icon?: LucideIcon
  onPick: () => void
  danger?: boolean
  disabled?: boolean
}

interface Props {
  label: string
  items: (MenuItem | false | undefined)[]
  trigger?: ReactNode
  header?: ReactNode
  open?: boolean
}

export function Menu({ label, items, trigger, header, open = false }: Props) {
  return (
    <Radix.Root modal={false} defaultOpen={open}>
      <Radix.Trigger asChild>{trigger ?? <IconButton label={label} icon={MoreHorizontal} />}</Radix.Trigger>
      {/* At the end of the page: a row would be painted over it, and a card cuts off what stands out. */}
      <Radix.Portal>
        <Radix.Content align="end" sideOffset={6} className="z-50 min-w-52 animate-rise rounded-xl border border-line bg-surface p-1.5 shadow-high">
          {header && <div className="border-b border-line px-2.5 pt-1 pb-2 text-sm">{header}</div>}
          {items.map(
            (item) =>
              item && (
                <Radix.Item
                  key={item.label}
                  disabled={item.disabled ?? false}
                  onSelect={item.onPick}
                  className={cx('flex min-h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2.5 text-sm outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-sunken', item.danger && 'text-bad')}
                >
                  {item.icon && <item.icon aria-hidden className="size-4" />}
                  {item.label}
                </Radix.Item>
              ),
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export { Tabs } from './tabs'
