/**
 * The embedded default: a real Kafka broker as a child JVM and a schema registry in this process, both keeping their
 * data under one locked directory. {@link io.sppostream.embedded.EmbeddedCluster} is the entry.
 */
@NullMarked
package io.sppostream.embedded;

import org.jspecify.annotations.NullMarked;
