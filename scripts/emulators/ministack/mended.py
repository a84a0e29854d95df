"""MiniStack, with what its CloudFormation does not do as AWS documents it.

Each function below takes the place of one of MiniStack's and says why. A new
version of MiniStack may need fewer: leave one out and run `make test-emulators`.
"""

import json

from ministack.services import sqs
from ministack.services.cloudformation import handlers, provisioners, stacks

actions = handlers._ACTION_HANDLERS
queues = provisioners._RESOURCE_HANDLERS["AWS::SQS::Queue"]

delete_stack = actions["DeleteStack"]
delete_change_set = actions["DeleteChangeSet"]
create_queue = queues["create"]
delete_resource = stacks._delete_resource


def delete_stack_by_arn(params):
    """CDK names the stack by its ARN. MiniStack knows it by its name only, and
    answers that it has deleted a stack that it did not find."""
    name = params["StackName"][0]
    if ":stack/" in name:
        params["StackName"] = [name.split(":stack/")[1].split("/")[0]]
    return delete_stack(params)


def delete_change_set_if_any(params):
    """CDK deletes the change set of an earlier `cdk diff`, if there is one.
    MiniStack refuses if there is none."""
    status, headers, body = delete_change_set(params)
    if status == 404:
        empty = b"<DeleteChangeSetResponse><DeleteChangeSetResult/></DeleteChangeSetResponse>"
        return 200, headers, empty
    return status, headers, body


def create_fifo_queue(logical_id, props, stack_name):
    """CloudFormation gives a FIFO queue a name that ends in .fifo, and dead letters
    where they are asked for. MiniStack makes a standard queue without. It makes a
    queue that changes anew, and what waits in it would be lost."""
    if "QueueName" not in props:
        name = provisioners._physical_name(stack_name, logical_id, max_len=75)
        props = {**props, "QueueName": name + ".fifo" if props.get("FifoQueue") else name}
    before = dict(sqs._queues.items())
    url, attributes = create_queue(logical_id, props, stack_name)
    queue = sqs._queues[url]
    if url in before:
        queue["messages"] = before[url]["messages"]
    for name in ("RedrivePolicy", "RedriveAllowPolicy"):
        if name in props:
            queue["attributes"][name] = json.dumps(props[name])
    for name in ("DeduplicationScope", "FifoThroughputLimit"):
        if name in props:
            queue["attributes"][name] = props[name]
    return url, attributes


def delete_unless_retained(kind, physical_id, props, stack_name=None, logical_id=None):
    """MiniStack deletes what has the DeletionPolicy Retain as well."""
    template = stacks_of()[stack_name]["_template"]["Resources"]
    if template.get(logical_id, {}).get("DeletionPolicy") != "Retain":
        delete_resource(kind, physical_id, props, stack_name, logical_id)


def stacks_of():
    from ministack.services.cloudformation import _stacks

    return _stacks


actions["DeleteStack"] = delete_stack_by_arn
actions["DeleteChangeSet"] = delete_change_set_if_any
queues["create"] = create_fifo_queue
stacks._delete_resource = delete_unless_retained

if __name__ == "__main__":
    from ministack.app import main

    main()
