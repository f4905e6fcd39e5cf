/** The topic catalogue, and the names that events refer to each other by: models, roles, rollouts, hashes. */
@NullMarked
package io.sppostream.events.catalogue;

import org.jspecify.annotations.NullMarked;
