/** Grants the permissions of the access catalogue: as ACLs of a cluster, commands, or Kubernetes resources. */
@NullMarked
package io.sppostream.log.access;

import org.jspecify.annotations.NullMarked;
