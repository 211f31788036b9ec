export const Mark = ({ className = 'size-8' }: { className?: string }) => (
  <svg aria-hidden viewBox="0 0 32 32" className={className}>
    <rect width="32" height="32" rx="8" fill="#0f766e" />
    <path d="M16 6.5 24.2 11.25v9.5L16 25.5l-8.2-4.75v-9.5z" fill="none" stroke="#fff" strokeWidth="2" strokeLinejoin="round" />
    <circle cx="16" cy="16" r="3.2" fill="#5eead4" />
  </svg>
)
