const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EACCES: 'this process has no permission for it',
  EPERM: 'this process has no permission for it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EMFILE: 'this process has too many open files',
}

/** Returns in words why a file or folder could not be read or written, to be used inside a sentence. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return PROBLEMS[code ?? ''] ?? message
}
