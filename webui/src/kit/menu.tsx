// A menu behind a button, and tabs: Radix brings the keys and the roles.
import * as Radix from '@radix-ui/react-dropdown-menu'
import * as RadixTabs from '@radix-ui/react-tabs'
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

export function Menu({ label, items, trigger, header }: { label: string; items: (MenuItem | false | undefined)[]; trigger?: ReactNode; header?: ReactNode }) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger ?? <IconButton label={label} icon={MoreHorizontal} />}</Radix.Trigger>
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
    </Radix.Root>
  )
}

interface TabsProps {
  label: string
  value: string
  onChange: (value: string) => void
  tabs: { value: string; label: string; content: ReactNode }[]
}

export function Tabs({ label, value, onChange, tabs }: TabsProps) {
  return (
    <RadixTabs.Root value={value} onValueChange={onChange} className="flex flex-col gap-5">
      <RadixTabs.List aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <RadixTabs.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px min-h-11 border-b-2 border-transparent px-3 text-sm font-medium whitespace-nowrap text-soft hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink sm:min-h-10"
          >
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content key={tab.value} value={tab.value} className="outline-offset-4">
          {tab.content}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  )
}
