/** Loops over the log: consume, transform, produce, exactly once; threads and Kafka Streams applications of roles. */
@NullMarked
package io.sppostream.log.loop;

import org.jspecify.annotations.NullMarked;
