/** The algorithm in one process, to be read first: {@link io.sppostream.run.inprocess.SynchronousSppo}. */
@NullMarked
package io.sppostream.run.inprocess;

import org.jspecify.annotations.NullMarked;
