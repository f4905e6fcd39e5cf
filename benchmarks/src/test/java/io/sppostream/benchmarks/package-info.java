@NullMarked
package io.sppostream.benchmarks;

import org.jspecify.annotations.NullMarked;
