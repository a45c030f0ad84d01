import { configureGlobal } from 'fast-check';

/** On a slow machine a property looks at fewer examples, and the search for the smallest counterexample ends. Milliseconds. */
configureGlobal({ interruptAfterTimeLimit: 30_000 });
