# SPDX-License-Identifier: Apache-2.0
"""Checks what is asked of NSX, and what is answered, against published API descriptions.

exchange  one request and its answer, as the simulator's journal keeps them
schema    named JSON types, and whether a value is of a type
markup    element names of XML, and whether a document keeps to them
catalogue the calls of one generation: finds the one that an exchange is of, and judges it
swagger   reads calls and types from the JSON descriptions, the vendor's and our own
raml      reads calls from RAML, with its examples and XSD files
steps     what scenarios are made of
scenarios what the client is made to do
"""
