/** Exactly-once consume-transform-produce loops, and the threads and Kafka Streams applications that run roles. */
@NullMarked
package io.sppostream.log.loop;

import org.jspecify.annotations.NullMarked;
