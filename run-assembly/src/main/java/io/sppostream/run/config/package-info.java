/** The settings of a run: their definition, sources and reference, and the verifiers they configure. */
@NullMarked
package io.sppostream.run.config;

import org.jspecify.annotations.NullMarked;
