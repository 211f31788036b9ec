// Dialogs and drawers on the platform's own <dialog>: the top layer, the focus trap, Escape and what is behind made inert
// come with it. (Radix' dialog was rejected for this: it injects style elements, which our Content-Security-Policy forbids.)
import { X } from 'lucide-react'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { t } from '@/i18n'
import { IconButton, cx } from './ui'

interface Props {
  title: ReactNode
  subtitle?: ReactNode
  onClose: () => void
  children: ReactNode
  footer?: ReactNode
  kind?: 'drawer' | 'dialog'
  wide?: boolean
  /** False where there is nothing to go back to, such as signing in again. */
  closable?: boolean
}

export function Dialog({ title, subtitle, onClose, children, kind = 'dialog', wide, closable = true }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  const [before] = useState(() => document.activeElement as HTMLElement | null)
  useEffect(() => {
    const dialog = ref.current!
    dialog.showModal()
    // It puts the focus on the first button; the place is what wants filling in, or else the dialog itself.
    ;(dialog.querySelector<HTMLElement>('[data-first]') ?? dialog).focus()
    return () => {
      dialog.close()
      if (before?.isConnected) before.focus()
    }
  }, [before])
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      tabIndex={-1}
      onCancel={(event) => {
        event.preventDefault()
        if (closable) onClose()
      }}
      onMouseDown={(event) => closable && event.target === ref.current && onClose()}
      className={cx(
        'fixed overflow-hidden border outline-none border-line bg-surface p-0 shadow-high',
        kind === 'drawer'
          ? 'inset-y-0 right-0 left-auto m-0 h-dvh max-h-none w-full max-w-none animate-slide sm:rounded-l-2xl ' + (wide ? 'sm:w-[56rem] sm:max-w-[92vw]' : 'sm:w-[34rem]')
          : 'm-auto max-h-[92dvh] w-[calc(100%-1.5rem)] animate-rise rounded-2xl ' + (wide ? 'max-w-4xl' : 'max-w-lg'),
      )}
    >
      <div className={cx('flex flex-col', kind === 'drawer' ? 'h-full' : 'max-h-[92dvh]')}>
        <header className="flex items-start justify-between gap-3 border-b border-line px-5 py-3.5">
          <div className="min-w-0 py-1">
            <h2 id={id} className="text-lg font-semibold break-words">
              {title}
            </h2>
            {subtitle && <div className="mt-0.5 text-sm text-soft">{subtitle}</div>}
          </div>
          {closable && <IconButton label={t('close')} icon={X} onClick={onClose} />}
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-5">{children}</div>
      </div>
    </dialog>
  )
}

export const Drawer = (props: Omit<Props, 'kind'>) => <Dialog {...props} kind="drawer" />
