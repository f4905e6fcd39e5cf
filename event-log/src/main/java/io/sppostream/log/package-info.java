/** The log: which topics there are, how events are read from and written to them, and how weights travel on them. */
@NullMarked
package io.sppostream.log;

import org.jspecify.annotations.NullMarked;
