/** Benchmarks of whole runs and of the language model: {@code ./bench}. */
@NullMarked
package io.sppostream.benchmarks;

import org.jspecify.annotations.NullMarked;
