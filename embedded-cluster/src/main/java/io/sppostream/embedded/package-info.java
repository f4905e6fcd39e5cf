/**
 * The embedded cluster: a real Kafka broker in a child JVM and a schema registry in this process, with their data in one
 * locked directory. Start with {@link io.sppostream.embedded.EmbeddedCluster}.
 */
@NullMarked
package io.sppostream.embedded;

import org.jspecify.annotations.NullMarked;
