// For node -r: lets a program believe that it runs on FreeBSD.
Object.defineProperty(process, 'platform', { value: 'freebsd' })
