// The health check of a container: there is no shell and no curl in the image, but there is Node.js.
// Ends with 0 when the process beside it is ready, else with 1 and the reason.
const url = process.argv[2] ?? 'http://127.0.0.1:9464/health/ready'

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  process.stdout.write(await answer.text())
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  process.stdout.write(`${url} does not answer: ${String(error)}\n`)
  process.exitCode = 1
}
