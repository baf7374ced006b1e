import { defineConfig } from 'vitest/config'

const common = {
  setupFiles: ['test/setup.ts'],
  // Real servers, browsers and processes take seconds to start; nothing asserts on time.
  testTimeout: 60_000,
  hookTimeout: 120_000,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'tests',
          include: [
            'packages/**/*.test.ts',
            'services/**/*.test.ts',
            'test/**/*.test.ts',
            'infra/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', 'test/delivery/faults/**'],
          maxWorkers: 2,
        },
      },
      {
        // Each file runs a whole pipeline, against one Kafka for all of them: one file after another.
        test: {
          ...common,
          name: 'delivery',
          include: ['test/delivery/faults/**/*.test.ts'],
          globalSetup: ['test/delivery/faults/setup.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
